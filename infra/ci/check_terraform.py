"""Checks Terraform modules as far as that goes without their providers: every file parses, every reference is declared,
every variable is described and used, every module has its versions. Arguments: the folders of the modules."""

import pathlib
import re
import sys

import hcl2

REFERENCE = re.compile(r"\b(?:(data)\.)?((?:aws_[a-z0-9_]+)|var|local)\.([A-Za-z0-9_]+)")


def plain(name):
    return name.strip('"')


def declared(modules):
    names = set()
    for body in modules:
        names.update(f"var.{plain(name)}" for block in body.get("variable", []) for name in block if not name.startswith("__"))
        names.update(f"local.{plain(name)}" for block in body.get("locals", []) for name in block if not name.startswith("__"))
        for kind, prefix in (("resource", ""), ("data", "data.")):
            for block in body.get(kind, []):
                names.update(f"{prefix}{plain(type_)}.{plain(name)}" for type_, named in block.items() for name in named)
    return names


def check(folder):
    problems, texts, modules = [], [], []
    for file in sorted(folder.glob("*.tf")):
        text = file.read_text()
        try:
            modules.append(hcl2.loads(text))
        except Exception as error:  # the parser raises its own of many kinds
            problems.append(f"{file}: {str(error).splitlines()[0]}")
        texts.append(re.sub(r"#.*", "", text))
    if not modules:
        return problems or [f"{folder}: no Terraform there"]
    names = declared(modules)
    used = {f"{data + '.' if data else ''}{kind}.{name}" for data, kind, name in REFERENCE.findall("\n".join(texts))}
    problems += [f"{folder}: {name} is not declared" for name in sorted(used - names)]
    problems += [f"{folder}: {name} is not used" for name in sorted(names - used) if name.startswith(("var.", "local."))]
    for body in modules:
        for kind in ("variable", "output"):
            for block in body.get(kind, []):
                problems += [f"{folder}: {kind} {plain(name)} has no description" for name, it in block.items() if "description" not in it]
    if not any("terraform" in body for body in modules):
        problems.append(f"{folder}: no versions")
    return problems


found = [problem for folder in sys.argv[1:] for problem in check(pathlib.Path(folder))]
print("\n".join(found), file=sys.stderr, end="\n" if found else "")
sys.exit(1 if found else 0)
