#!/usr/bin/env bash
# Gives node_modules/@tensorflow/tfjs-node the native binding that its own install script would download: built from the
# C headers and the library inside TensorFlow's Python wheel. So the native path can be tested wherever a package index
# is all there is. Linux x86_64, Node with its headers, g++, python3 with pip; 30 s and 730 MB. Again after each npm ci.
# Exit 0: it is there and multiplies right. Exit 77: it cannot be had here; the last line of stderr says why.
set -euo pipefail
cd "$(dirname "$0")/../.."
TENSORFLOW=2.15.1 # the release whose C interface tfjs-node 4.22.0 was written against
WHEEL_SHA256=54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26
package=node_modules/@tensorflow/tfjs-node
binding=$package/lib/napi-v8/tfjs_binding.node

cannot() {
  echo "$1" >&2
  exit 77
}

[ "$(uname -sm)" = 'Linux x86_64' ] || cannot "the wheel is for Linux x86_64, this is $(uname -sm)"
for tool in g++ python3; do command -v "$tool" >/dev/null || cannot "there is no $tool"; done
python3 -m pip --version >/dev/null 2>&1 || cannot 'there is no pip for python3'

headers=
for dir in "$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")" /usr /usr/local; do
  if [ -f "$dir/include/node/node_api.h" ]; then
    headers=$dir/include/node
    break
  fi
done
[ -n "$headers" ] || cannot 'node_api.h is neither beside this node nor in /usr'

# npm drops an optional package whose install script fails, as it does where the binary cannot be downloaded
if [ ! -f "$package/package.json" ]; then
  version="$(node -p 'require("./package.json").optionalDependencies["@tensorflow/tfjs-node"]')"
  npm install "@tensorflow/tfjs-node@$version" --no-save --ignore-scripts --no-audit --no-fund >/dev/null ||
    cannot "npm does not give @tensorflow/tfjs-node $version"
fi

if [ ! -f "$binding" ]; then
  work="$(mktemp -d)"
  trap 'rm -rf "$work"' EXIT
  python3 -m pip download -q --no-deps --only-binary=:all: --python-version 3.11 --implementation cp --abi cp311 \
    --platform manylinux2014_x86_64 -d "$work" "tensorflow-cpu==$TENSORFLOW" ||
    cannot "the package index does not give tensorflow-cpu $TENSORFLOW"
  echo "$WHEEL_SHA256  $(echo "$work"/*.whl)" | sha256sum -c --quiet - # another file is no reason to skip: it fails
  python3 infra/ci/unpack_tensorflow.py "$work"/*.whl "$package/deps"
  mkdir -p "$(dirname "$binding")"
  g++ -O2 -std=gnu++17 -fPIC -shared -DNAPI_VERSION=8 -DNODE_GYP_MODULE_NAME=tfjs_binding -DBUILDING_NODE_EXTENSION \
    -I"$headers" -I"$package/deps/include" "$package"/binding/*.cc -o "$work/binding.node" -L"$package/deps/lib" \
    -l:libtensorflow_cc.so.2 -l:libtensorflow_framework.so.2 '-Wl,-rpath,$ORIGIN/../../deps/lib'
  mv "$work/binding.node" "$binding"
fi

TF_CPP_MIN_LOG_LEVEL=2 TF_ENABLE_ONEDNN_OPTS=0 node -e '
  const tf = require("@tensorflow/tfjs-node");
  const square = Array.from(tf.tidy(() => tf.tensor2d([[1, 2], [3, 4]]).matMul(tf.tensor2d([[1, 2], [3, 4]])).dataSync()));
  if (tf.getBackend() !== "tensorflow" || square.join() !== "7,10,15,22") throw new Error(`${tf.getBackend()}: ${square}`);
  console.log(`native TensorFlow ${tf.backend().binding.TF_Version} under tfjs-node ${tf.version["tfjs-node"]}`);'
