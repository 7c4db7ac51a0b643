"""The rules every folder uses: one place for warnings, linking and test policy."""

COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    # Designated initializers that leave members at their defaults are a habit here, not a mistake.
    "-Wno-missing-field-initializers",
]

def reeve_cc_library(name, copts = [], **kwargs):
    native.cc_library(name = name, copts = COPTS + copts, linkstatic = 1, **kwargs)

def reeve_cc_binary(name, copts = [], **kwargs):
    native.cc_binary(name = name, copts = COPTS + copts, **kwargs)

def reeve_cc_test(name, deps = [], copts = [], size = "small", **kwargs):
    """A Catch2 test that runs in Bazel's sandbox, without privileges."""
    native.cc_test(
        name = name,
        size = size,
        copts = COPTS + copts,
        linkstatic = 1,
        deps = deps + ["//third_party:catch2_main"],
        **kwargs
    )

def reeve_proto_library(name, srcs, roots = ["proto"], visibility = None, deps = []):
    """C++ messages from .proto files, by Debian's protoc; also NAME_descriptors, the descriptor set with comments."""
    outs = []
    for src in srcs:
        outs += [src.replace(".proto", ".pb.h"), src.replace(".proto", ".pb.cc")]
    native.genrule(
        name = name + "_generate",
        srcs = srcs,
        outs = outs,
        cmd = "protoc -I proto --cpp_out=$(RULEDIR) $(SRCS)",
    )
    native.genrule(
        name = name + "_descriptors",
        srcs = srcs,
        outs = [name + "_descriptors.pb"],
        cmd = "protoc -I proto --include_imports --include_source_info --descriptor_set_out=$@ $(SRCS)",
        visibility = visibility,
    )
    native.cc_library(
        name = name,
        srcs = [out for out in outs if out.endswith(".cc")],
        hdrs = [out for out in outs if out.endswith(".h")],
        includes = ["."],
        linkstatic = 1,
        copts = ["-w"],
        deps = deps + ["//third_party:protobuf"],
        visibility = visibility,
    )
