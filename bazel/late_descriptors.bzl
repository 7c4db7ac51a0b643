"""Descriptions of messages that are made ready when they are needed (proto/descriptors.h)."""

# Linkopts of a program that depends on //proto:descriptors: generated code calls the function there in place of the constructor
# google::protobuf::internal::AddDescriptorsRunner::AddDescriptorsRunner(const DescriptorTable*).
LATE_DESCRIPTORS = ["-Wl,--wrap=_ZN6google8protobuf8internal20AddDescriptorsRunnerC1EPKNS1_15DescriptorTableE"]
