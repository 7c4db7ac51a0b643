// The description of the API is itself held to its rules: comments everywhere, options on every method, codes on every
// reason.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/methods.h"
#include "proto/services.h"
#include "reeve/v1/options.pb.h"
#include "reeve/v1/reasons.pb.h"

namespace reeve {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;

// The descriptor set with comments. google/rpc and google/protobuf are not ours.
std::vector<FileDescriptorProto> OurFiles() {
  FileDescriptorSet set;
  std::ifstream input("proto/reeve_descriptors.pb", std::ios::binary);
  REQUIRE(set.ParseFromIstream(&input));
  std::vector<FileDescriptorProto> files;
  for (const auto& file : set.file()) {
    if (!absl::StartsWith(file.name(), "google/")) files.push_back(file);
  }
  REQUIRE(files.size() > 15);
  return files;
}

// Walks one file and notes what has no comment. Paths are those of SourceCodeInfo (descriptor.proto).
class CommentCheck {
 public:
  explicit CommentCheck(const FileDescriptorProto& file) : file_(file) {
    for (const auto& location : file.source_code_info().location()) {
      if (!absl::StripAsciiWhitespace(location.leading_comments()).empty()) {
        commented_.insert({location.path().begin(), location.path().end()});
      }
    }
  }

  std::vector<std::string> Missing() {
    for (int i = 0; i < file_.message_type_size(); ++i) {
      Message({FileDescriptorProto::kMessageTypeFieldNumber, i}, file_.message_type(i));
    }
    for (int i = 0; i < file_.enum_type_size(); ++i) {
      Enum({FileDescriptorProto::kEnumTypeFieldNumber, i}, file_.enum_type(i));
    }
    for (int i = 0; i < file_.extension_size(); ++i) {
      Require({FileDescriptorProto::kExtensionFieldNumber, i}, file_.extension(i).name());
    }
    for (int i = 0; i < file_.service_size(); ++i) {
      const auto& service = file_.service(i);
      Require({FileDescriptorProto::kServiceFieldNumber, i}, service.name());
      for (int j = 0; j < service.method_size(); ++j) {
        Require({FileDescriptorProto::kServiceFieldNumber, i,
                 google::protobuf::ServiceDescriptorProto::kMethodFieldNumber, j},
                service.method(j).name());
      }
    }
    return missing_;
  }

 private:
  using Path = std::vector<int>;

  static Path Below(Path path, int field, int index) {
    path.push_back(field);
    path.push_back(index);
    return path;
  }
  void Require(const Path& path, const std::string& name) {
    if (commented_.count(path) == 0) missing_.push_back(absl::StrCat(file_.name(), ": ", name));
  }
  void Message(const Path& path, const DescriptorProto& message) {
    if (message.options().map_entry()) return;
    Require(path, message.name());
    for (int i = 0; i < message.field_size(); ++i) {
      Require(Below(path, DescriptorProto::kFieldFieldNumber, i),
              absl::StrCat(message.name(), ".", message.field(i).name()));
    }
    for (int i = 0; i < message.nested_type_size(); ++i) {
      Message(Below(path, DescriptorProto::kNestedTypeFieldNumber, i), message.nested_type(i));
    }
    for (int i = 0; i < message.enum_type_size(); ++i) {
      Enum(Below(path, DescriptorProto::kEnumTypeFieldNumber, i), message.enum_type(i));
    }
  }
  void Enum(const Path& path, const EnumDescriptorProto& type) {
    Require(path, type.name());
    for (int i = 0; i < type.value_size(); ++i) {
      Require(Below(path, EnumDescriptorProto::kValueFieldNumber, i), type.value(i).name());
    }
  }

  const FileDescriptorProto& file_;
  std::set<Path> commented_;
  std::vector<std::string> missing_;
};

TEST_CASE("every message, field, enum, value, service and method has a comment") {
  for (const auto& file : OurFiles()) {
    const std::vector<std::string> missing = CommentCheck(file).Missing();
    INFO(absl::StrJoin(missing, "\n"));
    CHECK(missing.empty());
  }
}

TEST_CASE("packages are directories, and enums begin with UNSPECIFIED") {
  for (const auto& file : OurFiles()) {
    INFO(file.name());
    std::string directory = file.package();
    for (char& c : directory) c = c == '.' ? '/' : c;
    CHECK(absl::StartsWith(file.name(), absl::StrCat(directory, "/")));
    for (const auto& type : file.enum_type()) {
      INFO(type.name());
      CHECK(type.value(0).number() == 0);
      CHECK(absl::EndsWith(type.value(0).name(), "_UNSPECIFIED"));
    }
  }
}

TEST_CASE("every method has a permission, noun.verb, and an access") {
  int methods = 0;
  for (const auto& file : OurFiles()) {
    for (const auto& service : file.service()) {
      CHECK(service.method_size() <= 40);  // more take minutes and gigabytes to compile
      for (const auto& method : service.method()) {
        INFO(absl::StrCat(service.name(), ".", method.name()));
        ++methods;
        const std::string& permission = method.options().GetExtension(v1::permission);
        CHECK(permission.find('.') != std::string::npos);
        for (const char c : permission) CHECK((c == '.' || c == '_' || (c >= 'a' && c <= 'z')));
        CHECK(method.options().GetExtension(v1::access) != v1::ACCESS_UNSPECIFIED);
      }
    }
  }
  CHECK(methods > 30);
}

TEST_CASE("the same permission always means the same access") {
  std::map<std::string, v1::Access> seen;
  for (const auto& file : OurFiles()) {
    for (const auto& service : file.service()) {
      for (const auto& method : service.method()) {
        const auto access = method.options().GetExtension(v1::access);
        const auto [found, added] = seen.emplace(method.options().GetExtension(v1::permission), access);
        INFO(method.name());
        CHECK(found->second == access);
      }
    }
  }
}

// Whether a request has a field that names an object, itself or in its parts.
bool NamesObject(const google::protobuf::Descriptor& message, int depth = 0) {
  if (depth > 3) return false;
  for (int i = 0; i < message.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *message.field(i);
    if (field.options().GetExtension(v1::naming) != v1::NAMING_UNSPECIFIED) return true;
    if (field.message_type() != nullptr && NamesObject(*field.message_type(), depth + 1)) return true;
  }
  return false;
}

TEST_CASE("every method says what it is about, and where it names objects if it does") {
  size_t services = 0;
  for (const auto& file : OurFiles()) services += static_cast<size_t>(file.service_size());
  CHECK(AllServices().size() == services);  // none is left out there
  for (const auto* service : AllServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& method = *service->method(i);
      INFO(method.full_name());
      const v1::Scope scope = method.options().GetExtension(v1::scope);
      CHECK(scope != v1::SCOPE_UNSPECIFIED);
      // Whoever redeems a token has nothing else yet to prove who he is; the ticket of a migration speaks for whom it
      // was given.
      CHECK((scope == v1::SCOPE_SESSION) ==
            (service->name() == "SessionService" || method.name() == "RedeemEnrollmentToken" ||
             method.name() == "ReceiveDomain" || method.name() == "SettleMigration"));
      if (NamesObject(*method.input_type())) {
        CHECK((scope == v1::SCOPE_OBJECT || scope == v1::SCOPE_NODE));
      } else {
        CHECK(scope != v1::SCOPE_OBJECT);
      }
    }
  }
}

TEST_CASE("every reason has a canonical gRPC code") {
  const auto* reasons = v1::Reason_descriptor();
  for (int i = 0; i < reasons->value_count(); ++i) {
    INFO(reasons->value(i)->name());
    const int code = reasons->value(i)->options().GetExtension(v1::canonical_code);
    if (reasons->value(i)->number() == 0) {
      CHECK(code == 0);
    } else {
      CHECK(code >= 1);
      CHECK(code <= 16);
      CHECK(code != 2);  // UNKNOWN tells nobody anything
    }
    CHECK(absl::StartsWith(reasons->value(i)->name(), "REASON_"));
  }
}

}  // namespace
}  // namespace reeve
