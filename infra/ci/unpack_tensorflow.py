"""Takes the TensorFlow library and its C headers out of a wheel: unpack_tensorflow.py WHEEL TARGET_DIR"""

import shutil
import sys
import zipfile
from pathlib import Path

INCLUDE = "tensorflow/include/"
LIBRARIES = ("tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2")
HEADERS = ("tensorflow/c/", "tensorflow/core/platform/", "tensorflow/tsl/", "tsl/c/", "tsl/platform/", "xla/tsl/c/")

wheel, target = sys.argv[1], Path(sys.argv[2])
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name in LIBRARIES:
            path = target / "lib" / Path(name).name
        elif name.endswith(".h") and name.startswith(tuple(INCLUDE + folder for folder in HEADERS)):
            path = target / "include" / name[len(INCLUDE):]
        else:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(name) as source, path.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
