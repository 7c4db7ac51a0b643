"""Debian's C++ libraries and OpenSSL inside a program instead of beside it."""

# What libgrpc++.a, libprotobuf.a and libpugixml.a need of each other; the order does not matter.
_ABSL = [
    "bad_any_cast_impl",
    "bad_optional_access",
    "bad_variant_access",
    "base",
    "city",
    "civil_time",
    "cord",
    "cord_internal",
    "cordz_functions",
    "cordz_handle",
    "cordz_info",
    "cordz_sample_token",
    "debugging_internal",
    "demangle_internal",
    "examine_stack",
    "exponential_biased",
    "graphcycles_internal",
    "hash",
    "hashtablez_sampler",
    "int128",
    "log_severity",
    "low_level_hash",
    "malloc_internal",
    "random_distributions",
    "random_internal_platform",
    "random_internal_pool_urbg",
    "random_internal_randen",
    "random_internal_randen_hwaes",
    "random_internal_randen_hwaes_impl",
    "random_internal_randen_slow",
    "random_internal_seed_material",
    "random_seed_gen_exception",
    "random_seed_sequences",
    "raw_hash_set",
    "raw_logging_internal",
    "spinlock_wait",
    "stacktrace",
    "status",
    "statusor",
    "str_format_internal",
    "strerror",
    "strings",
    "strings_internal",
    "symbolize",
    "synchronization",
    "throw_delegate",
    "time",
    "time_zone",
]
_LIBRARIES = ["address_sorting", "cares", "crypto", "gpr", "grpc", "grpc++", "protobuf", "pugixml", "re2", "ssl", "stdc++", "upb"] + [
    "absl_" + name
    for name in _ABSL
]

def linked_in(name, visibility = None):
    """A library that is the last of a program's deps; NAME_archives are its additional_linker_inputs.

    It turns the -l of the others into archives: the linker looks for each library in all -L directories in turn, wherever they
    are named, and the one made here, which goes before Debian's, has archives only. SASL, libedit, zlib and libc stay shared. The
    program has a fixed address: without it the relocation of all that is linked in would touch as many pages as before.
    """
    archives = ["linked_in/lib%s.a" % library for library in _LIBRARIES]
    native.genrule(
        name = name + "_archives",
        outs = archives,
        cmd = "for archive in $(OUTS); do ln -s $$(g++ -print-file-name=$$(basename $$archive)) $$archive; done",
        visibility = visibility,
    )
    native.cc_library(
        name = name,
        linkopts = select({
            # A sanitizer wants the shared libraries, whose functions it takes the place of.
            "//bazel:sanitized_asan": [],
            "//bazel:sanitized_tsan": [],
            "//conditions:default": [
                "-L$(BINDIR)/third_party/linked_in",
                "-static-libgcc",
                "-no-pie",
                "-Wl,--start-group",
            ] + ["-l" + library for library in _LIBRARIES] + [
                "-Wl,--end-group",
                "-lz",
            ],
        }),
        visibility = visibility,
    )
