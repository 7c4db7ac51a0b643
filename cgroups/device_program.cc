#include "cgroups/device_program.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace reeve::cgroups {
namespace {

// The kernel's limit of programs of one group and type (BPF_CGROUP_MAX_PROGS).
constexpr size_t kMaximumPrograms = 64;

bpf_insn Instruction(uint8_t code, uint8_t to, uint8_t from, int16_t offset, int32_t immediate) {
  bpf_insn instruction = {};
  instruction.code = code;
  instruction.dst_reg = to & 0xf;
  instruction.src_reg = from & 0xf;
  instruction.off = offset;
  instruction.imm = immediate;
  return instruction;
}

// Registers as the program uses them. R1 is the context when it begins.
enum Register : uint8_t { kResult = 0, kContext = 1, kType = 2, kAccess = 3, kMajor = 4, kMinor = 5, kScratch = 1 };

bpf_insn LoadWord(uint8_t to, int16_t offset) {
  return Instruction(BPF_LDX | BPF_MEM | BPF_W, to, kContext, offset, 0);
}

static_assert(BPF_DEVCG_ACC_MKNOD == uint8_t{kDeviceMake} && BPF_DEVCG_ACC_READ == uint8_t{kDeviceRead} &&
              BPF_DEVCG_ACC_WRITE == uint8_t{kDeviceWrite});

// One rule's test. Each jump leads past its end; they are aimed when its length is known.
void AddRule(const DeviceRule& rule, std::vector<bpf_insn>* program) {
  std::vector<size_t> jumps;
  auto skip_unless = [&](uint8_t code, uint8_t left, uint8_t right, int32_t immediate) {
    jumps.push_back(program->size());
    program->push_back(Instruction(code, left, right, 0, immediate));
  };
  skip_unless(BPF_JMP | BPF_JNE | BPF_K, kType, 0,
              rule.type == DeviceRule::Type::kBlock ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
  if (rule.access != kDeviceAll) {
    program->push_back(Instruction(BPF_ALU | BPF_MOV | BPF_X, kScratch, kAccess, 0, 0));
    program->push_back(Instruction(BPF_ALU | BPF_AND | BPF_K, kScratch, 0, 0, rule.access));
    skip_unless(BPF_JMP | BPF_JNE | BPF_X, kScratch, kAccess, 0);
  }
  // 32 bits, as the numbers are: a 64-bit comparison would extend the sign of large ones.
  if (rule.major) skip_unless(BPF_JMP32 | BPF_JNE | BPF_K, kMajor, 0, static_cast<int32_t>(*rule.major));
  if (rule.minor) skip_unless(BPF_JMP32 | BPF_JNE | BPF_K, kMinor, 0, static_cast<int32_t>(*rule.minor));
  program->push_back(Instruction(BPF_ALU64 | BPF_MOV | BPF_K, kResult, 0, 0, 1));
  program->push_back(Instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
  for (size_t jump : jumps) (*program)[jump].off = static_cast<int16_t>(program->size() - jump - 1);
}

long Bpf(int command, bpf_attr* attributes) {
  return ::syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

uint64_t Address(const void* pointer) {
  return reinterpret_cast<uint64_t>(pointer);
}

int Load(const std::vector<bpf_insn>& program, std::string* log, util::UniqueFd* loaded) {
  bpf_attr attributes = {};
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.insns = Address(program.data());
  attributes.insn_cnt = static_cast<uint32_t>(program.size());
  attributes.license = Address("GPL");
  std::strncpy(attributes.prog_name, "reeve_devices", sizeof attributes.prog_name - 1);
  loaded->Reset(static_cast<int>(Bpf(BPF_PROG_LOAD, &attributes)));
  if (*loaded) return 0;
  const int error = errno;
  // Once more for the words of the verifier, which would cost time when all is well.
  log->assign(4096, '\0');
  attributes.log_buf = Address(log->data());
  attributes.log_size = static_cast<uint32_t>(log->size());
  attributes.log_level = 1;
  loaded->Reset(static_cast<int>(Bpf(BPF_PROG_LOAD, &attributes)));
  log->resize(std::strlen(log->c_str()));
  return *loaded ? 0 : error;
}

int Query(int group_directory, std::vector<uint32_t>* ids) {
  ids->assign(kMaximumPrograms, 0);
  bpf_attr attributes = {};
  attributes.query.target_fd = static_cast<uint32_t>(group_directory);
  attributes.query.attach_type = BPF_CGROUP_DEVICE;
  attributes.query.prog_ids = Address(ids->data());
  attributes.query.prog_cnt = static_cast<uint32_t>(ids->size());
  if (Bpf(BPF_PROG_QUERY, &attributes) < 0) return errno;
  ids->resize(attributes.query.prog_cnt);
  return 0;
}

util::UniqueFd OpenProgram(uint32_t id) {
  bpf_attr attributes = {};
  attributes.prog_id = id;
  return util::UniqueFd(static_cast<int>(Bpf(BPF_PROG_GET_FD_BY_ID, &attributes)));
}

}  // namespace

std::vector<bpf_insn> BuildDeviceProgram(const DeviceRules& rules) {
  std::vector<bpf_insn> program = {
      // The low half of the first word is the type, the high one the access (struct bpf_cgroup_dev_ctx).
      LoadWord(kType, offsetof(bpf_cgroup_dev_ctx, access_type)),
      Instruction(BPF_ALU | BPF_MOV | BPF_X, kAccess, kType, 0, 0),
      Instruction(BPF_ALU | BPF_AND | BPF_K, kType, 0, 0, 0xffff),
      Instruction(BPF_ALU | BPF_RSH | BPF_K, kAccess, 0, 0, 16),
      LoadWord(kMajor, offsetof(bpf_cgroup_dev_ctx, major)),
      LoadWord(kMinor, offsetof(bpf_cgroup_dev_ctx, minor)),
  };
  for (const DeviceRule& rule : rules.List()) AddRule(rule, &program);
  program.push_back(Instruction(BPF_ALU64 | BPF_MOV | BPF_K, kResult, 0, 0, 0));
  program.push_back(Instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
  return program;
}

int AttachDeviceProgram(int group_directory, const std::vector<bpf_insn>& program, std::string* log) {
  util::UniqueFd loaded;
  if (const int error = Load(program, log, &loaded); error != 0) return error;
  std::vector<uint32_t> others;
  if (const int error = Query(group_directory, &others); error != 0) return error;
  std::vector<util::UniqueFd> old;
  for (uint32_t id : others) {
    old.push_back(OpenProgram(id));
    if (!old.back() && errno != ENOENT) return errno;
    if (!old.back()) old.pop_back();  // it has gone meanwhile
  }
  bpf_attr attributes = {};
  attributes.target_fd = static_cast<uint32_t>(group_directory);
  attributes.attach_bpf_fd = static_cast<uint32_t>(loaded.get());
  attributes.attach_type = BPF_CGROUP_DEVICE;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  if (old.size() == 1) {
    attributes.attach_flags |= BPF_F_REPLACE;
    attributes.replace_bpf_fd = static_cast<uint32_t>(old[0].get());
  }
  if (Bpf(BPF_PROG_ATTACH, &attributes) < 0) return errno;
  if (old.size() == 1) return 0;
  for (const util::UniqueFd& other : old) {
    bpf_attr detach = {};
    detach.target_fd = static_cast<uint32_t>(group_directory);
    detach.attach_bpf_fd = static_cast<uint32_t>(other.get());
    detach.attach_type = BPF_CGROUP_DEVICE;
    if (Bpf(BPF_PROG_DETACH, &detach) < 0 && errno != ENOENT) return errno;
  }
  return 0;
}

bool SupportsDevicePrograms(int group_directory) {
  std::vector<uint32_t> ids;
  return Query(group_directory, &ids) == 0;
}

}  // namespace reeve::cgroups
