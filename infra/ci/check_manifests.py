"""What schemas do not see in rendered Kubernetes manifests: that every reference resolves, and that every container is
bounded and unprivileged. `check_manifests.py ALL.yaml CORE.yaml` writes the resources of Kubernetes' own kinds to
CORE.yaml, for a validator that knows only those. Prints every problem and exits 1, or nothing and 0."""

import sys

import yaml

# made by whoever installs, not by the manifests: docs/deploy.md says how
SECRETS = {"tripline"}
CUSTOM = {"monitoring.coreos.com"}

problems = []


def problem(resource, text):
    problems.append(f"{resource['kind']} {resource['metadata']['name']}: {text}")


def matches(selector, labels):
    return all((labels or {}).get(key) == value for key, value in selector.items())


def pod_of(resource):
    return resource.get("spec", {}).get("template") if resource["kind"] in ("Deployment", "StatefulSet", "Job") else None


def check_container(workload, pod, container):
    security = container.get("securityContext", {})
    name = container["name"]
    if security.get("allowPrivilegeEscalation") is not False or security.get("capabilities", {}).get("drop") != ["ALL"]:
        problem(workload, f"{name} may gain privileges")
    if security.get("readOnlyRootFilesystem") is not True:
        problem(workload, f"{name} may write to its image")
    resources = container.get("resources", {})
    if "memory" not in resources.get("limits", {}) or not {"cpu", "memory"} <= set(resources.get("requests", {})):
        problem(workload, f"{name} has no limit of memory, or requests neither cpu nor memory")
    volumes = {volume["name"] for volume in pod.get("volumes", [])}
    for mount in container.get("volumeMounts", []):
        if mount["name"] not in volumes:
            problem(workload, f"{name} mounts the unknown volume {mount['name']}")
    ports = {port["name"] for port in container.get("ports", [])}
    probes = [probe for probe in ("startupProbe", "livenessProbe", "readinessProbe") if probe in container]
    for probe in probes:
        if container[probe]["httpGet"]["port"] not in ports:
            problem(workload, f"{probe} of {name} asks a port that is not there")
    if workload["kind"] == "Deployment" and len(probes) < 3:
        problem(workload, f"{name} lacks a probe")
    if ":" not in container["image"].rsplit("/", 1)[-1] or container["image"].endswith(":latest"):
        problem(workload, f"{name} has an image without a version: {container['image']}")


def check_pod(workload, pod, names):
    security = pod.get("securityContext", {})
    if security.get("runAsNonRoot") is not True or "seccompProfile" not in security:
        problem(workload, "runs as root, or without a seccomp profile")
    if pod.get("serviceAccountName") not in names["ServiceAccount"]:
        problem(workload, "unknown service account")
    for volume in pod.get("volumes", []):
        for kind, known, found in (
            ("config map", names["ConfigMap"], volume.get("configMap", {}).get("name")),
            ("claim", names["PersistentVolumeClaim"], volume.get("persistentVolumeClaim", {}).get("claimName")),
            ("secret", SECRETS, volume.get("secret", {}).get("secretName")),
        ):
            if found is not None and found not in known:
                problem(workload, f"unknown {kind} {found}")
    for container in pod["containers"]:
        check_container(workload, pod, container)


def check_selectors(resource, resources):
    """Selectors of Services, disruption budgets and monitors, and targets of autoscalers."""
    spec = resource.get("spec", {})
    pods = [pod_of(other)["metadata"]["labels"] for other in resources if pod_of(other)]
    if resource["kind"] == "Service" and not any(matches(spec["selector"], labels) for labels in pods):
        problem(resource, "selects no pod")
    if resource["kind"] == "PodDisruptionBudget" and not any(matches(spec["selector"]["matchLabels"], it) for it in pods):
        problem(resource, "selects no pod")
    if resource["kind"] == "HorizontalPodAutoscaler":
        target = [it for it in resources if (it["kind"], it["metadata"]["name"]) == (spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"])]
        if not target:
            problem(resource, "scales what is not there")
        elif "replicas" in target[0]["spec"]:
            problem(resource, "scales what has a number of replicas of its own: each apply would undo it")
    if resource["kind"] == "ServiceMonitor":
        services = [it for it in resources if it["kind"] == "Service" and matches(spec["selector"]["matchLabels"], it["metadata"].get("labels"))]
        for endpoint in spec["endpoints"]:
            if not services or not all(endpoint["port"] in [port["name"] for port in it["spec"]["ports"]] for it in services):
                problem(resource, f"no service, or one without the port {endpoint['port']}")


def main(source, core):
    with open(source, encoding="utf-8") as file:
        resources = [document for document in yaml.safe_load_all(file) if document]
    names = {kind: set() for kind in ("ServiceAccount", "ConfigMap", "PersistentVolumeClaim")}
    for resource in resources:
        names.setdefault(resource["kind"], set()).add(resource["metadata"]["name"])
    for resource in resources:
        if pod_of(resource):
            check_pod(resource, pod_of(resource)["spec"], names)
        check_selectors(resource, resources)
    with open(core, "w", encoding="utf-8") as file:
        yaml.safe_dump_all([it for it in resources if it["apiVersion"].split("/")[0] not in CUSTOM], file)
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    return 1 if problems else 0


sys.exit(main(sys.argv[1], sys.argv[2]))
