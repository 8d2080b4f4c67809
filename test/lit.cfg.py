"""lit: every .mlir and .test file below test/ is a script of RUN lines."""

import os
import shutil
import sys

import lit.formats

config.name = "tt_dialect"
config.test_format = lit.formats.ShTest()
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "data", "python", "Output"]
config.test_source_root = os.path.dirname(__file__)
root = os.path.dirname(config.test_source_root)
config.test_exec_root = os.path.join(root, "build", "lit")

bin_dir = os.path.dirname(sys.executable)
config.environment["PATH"] = os.pathsep.join([bin_dir, os.environ["PATH"]])
# The tree these tests lie in is the one that is tested, whatever is installed.
config.environment["PYTHONPATH"] = root
config.environment["PYTHONHASHSEED"] = os.environ.get("PYTHONHASHSEED", "random")

# The Python filecheck, with MLIR's regular expression classes.
config.environment["FILECHECK_FEATURE_ENABLE"] = "MLIR_REGEX_CLS"

mlir_opt = shutil.which(os.environ.get("MLIR_OPT", "mlir-opt-22"))
if mlir_opt is not None:
    config.available_features.add("mlir-opt")
    config.environment["MLIR_OPT"] = mlir_opt
    config.substitutions.append(("%mlir-opt", mlir_opt))
    # The rest of xDSL finds it by this name.
    config.environment["XDSL_MLIR_OPT"] = mlir_opt
elif os.environ.get("TT_DIALECT_CI"):
    lit_config.fatal("mlir-opt-22 is required in CI; apt-get install mlir-22-tools")

config.substitutions += [
    ("%root", root),
    ("%examples", os.path.join(root, "examples")),
    # Longer names first: lit replaces in this order.
    (
        "MLIR_GENERIC_ROUNDTRIP",
        f"tt-opt %s --print-op-generic | {mlir_opt} --allow-unregistered-dialect "
        "--mlir-print-op-generic | tt-opt --print-op-generic | filecheck %s "
        "--check-prefix=CHECK-GENERIC",
    ),
    (
        "MLIR_ROUNDTRIP",
        f"tt-opt %s --print-op-generic | {mlir_opt} --allow-unregistered-dialect "
        "--mlir-print-op-generic | tt-opt | filecheck %s",
    ),
    (
        "GENERIC_ROUNDTRIP",
        "tt-opt %s --print-op-generic --split-input-file "
        "| tt-opt --print-op-generic --split-input-file "
        "| filecheck %s --check-prefix=CHECK-GENERIC",
    ),
    (
        "ROUNDTRIP",
        "tt-opt %s --print-op-generic --split-input-file | tt-opt --split-input-file "
        "| filecheck %s",
    ),
]
