#include "drivers/lxc/supervisor/bandwidth.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "drivers/lxc/supervisor/netlink_request.h"
#include "util/fd.h"

namespace reeve::lxc {
namespace {

constexpr uint32_t kRoot = 0x10000;   // 1:0
constexpr uint32_t kClass = 0x10001;  // 1:1
constexpr uint64_t kNanoseconds = 1000000000;
// A packet that the kernel has put together of several has up to 64 KiB.
constexpr uint64_t kLeastBurst = 128 * 1024;

// Time to send so many bytes, in the units of the packet scheduler, 64 ns.
uint32_t Ticks(uint64_t bytes, uint64_t rate) {
  return static_cast<uint32_t>(std::min<uint64_t>(bytes * kNanoseconds / rate / 64, UINT32_MAX));
}

tc_ratespec RateSpec(uint64_t rate) {
  tc_ratespec spec = {};
  spec.rate = static_cast<uint32_t>(std::min<uint64_t>(rate, UINT32_MAX));
  spec.linklayer = TC_LINKLAYER_ETHERNET;  // else the kernel wants tables
  return spec;
}

int ShapeToGuest(int netlink, uint32_t index, const RatePlan& rate) {
  tcmsg body = {};
  body.tcm_ifindex = static_cast<int>(index);
  body.tcm_parent = TC_H_ROOT;
  body.tcm_handle = kRoot;
  Request queue(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, body);
  queue.AddName(TCA_KIND, "htb");
  rtattr* options = queue.Open(TCA_OPTIONS);
  tc_htb_glob global = {};
  global.version = 3;
  global.rate2quantum = 10;
  global.defcls = kClass & 0xffff;
  queue.Add(TCA_HTB_INIT, &global, sizeof global);
  queue.Close(options);
  if (const int error = queue.Exchange(netlink)) return error;

  const uint64_t ceiling = std::max(rate.peak, rate.average);
  const uint64_t burst = std::max(rate.burst, kLeastBurst);
  body.tcm_parent = kRoot;
  body.tcm_handle = kClass;
  Request leaf(RTM_NEWTCLASS, NLM_F_CREATE | NLM_F_EXCL, body);
  leaf.AddName(TCA_KIND, "htb");
  options = leaf.Open(TCA_OPTIONS);
  tc_htb_opt parameters = {};
  parameters.rate = RateSpec(rate.average);
  parameters.ceil = RateSpec(ceiling);
  parameters.buffer = Ticks(burst, rate.average);
  parameters.cbuffer = Ticks(kLeastBurst, ceiling);
  parameters.quantum = static_cast<uint32_t>(std::clamp<uint64_t>(rate.average / 10, 1514, 200000));
  leaf.Add(TCA_HTB_PARMS, &parameters, sizeof parameters);
  if (rate.average > UINT32_MAX) leaf.Add(TCA_HTB_RATE64, &rate.average, sizeof rate.average);
  if (ceiling > UINT32_MAX) leaf.Add(TCA_HTB_CEIL64, &ceiling, sizeof ceiling);
  leaf.Close(options);
  return leaf.Exchange(netlink);
}

// A program of the kernel's machine (bpf(2)). Jumps to the end are filled in when it is there.
class Program {
 public:
  void Add(uint8_t code, uint8_t destination, uint8_t source, int16_t offset, int32_t immediate) {
    bpf_insn instruction = {};
    instruction.code = code;
    instruction.dst_reg = destination & 0xf;
    instruction.src_reg = source & 0xf;
    instruction.off = offset;
    instruction.imm = immediate;
    instructions_.push_back(instruction);
  }
  void Load(uint8_t destination, uint64_t number, uint8_t source = 0) {
    Add(BPF_LD | BPF_DW | BPF_IMM, destination, source, 0, static_cast<int32_t>(number));
    Add(0, 0, 0, 0, static_cast<int32_t>(number >> 32));
  }
  void Move(uint8_t to, uint8_t from) { Add(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
  void Call(int32_t function) { Add(BPF_JMP | BPF_CALL, 0, 0, 0, function); }
  void DropIfGreater(uint8_t left, uint8_t right) {
    drops_.push_back(instructions_.size());
    Add(BPF_JMP | BPF_JGT | BPF_X, left, right, 0, 0);
  }
  void Return(int32_t value) {
    Add(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, value);
    Add(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  }
  void Drop() {
    for (const size_t place : drops_) {
      instructions_[place].off = static_cast<int16_t>(instructions_.size() - place - 1);
    }
    Return(TC_ACT_SHOT);
  }
  const std::vector<bpf_insn>& instructions() const { return instructions_; }

 private:
  std::vector<bpf_insn> instructions_;
  std::vector<size_t> drops_;
};

// A packet of length r9 at time r8: the time at which the bucket is full again, kept at r7 + `offset`, moves on by what the
// packet takes; a packet that would move it past now is dropped. (The generic cell rate algorithm.)
void AddBucket(Program* program, int16_t offset, uint64_t rate, uint64_t burst) {
  program->Move(1, 9);
  program->Load(2, kNanoseconds);
  program->Add(BPF_ALU64 | BPF_MUL | BPF_X, 1, 2, 0, 0);
  program->Load(2, rate);
  program->Add(BPF_ALU64 | BPF_DIV | BPF_X, 1, 2, 0, 0);
  program->Add(BPF_LDX | BPF_MEM | BPF_DW, 3, 7, offset, 0);
  program->Move(4, 8);
  program->Load(5, burst * kNanoseconds / rate);
  program->Add(BPF_ALU64 | BPF_SUB | BPF_X, 4, 5, 0, 0);
  program->Add(BPF_JMP | BPF_JGE | BPF_X, 3, 4, 1, 0);
  program->Move(3, 4);
  program->Add(BPF_ALU64 | BPF_ADD | BPF_X, 3, 1, 0, 0);
  program->DropIfGreater(3, 8);
  program->Add(BPF_STX | BPF_MEM | BPF_DW, 7, 3, offset, 0);
}

util::UniqueFd Bpf(int command, bpf_attr* attributes) {
  return util::UniqueFd(static_cast<int>(syscall(SYS_bpf, command, attributes, sizeof *attributes)));
}

// Empty on failure (errno).
util::UniqueFd LoadPolicer(const RatePlan& rate) {
  bpf_attr attributes = {};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 16;
  attributes.max_entries = 1;
  const util::UniqueFd map = Bpf(BPF_MAP_CREATE, &attributes);
  if (!map) return {};
  Program program;
  program.Move(6, 1);
  program.Add(BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 0);
  program.Move(2, 10);
  program.Add(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4);
  program.Load(1, static_cast<uint64_t>(map.get()), BPF_PSEUDO_MAP_FD);
  program.Call(BPF_FUNC_map_lookup_elem);
  program.Add(BPF_JMP | BPF_JNE | BPF_K, 0, 0, 2, 0);
  program.Return(TC_ACT_OK);  // never
  program.Move(7, 0);
  program.Call(BPF_FUNC_ktime_get_ns);
  program.Move(8, 0);
  program.Add(BPF_LDX | BPF_MEM | BPF_W, 9, 6, offsetof(__sk_buff, len), 0);
  AddBucket(&program, 0, rate.average, std::max(rate.burst, kLeastBurst));
  if (rate.peak != 0) AddBucket(&program, 8, rate.peak, kLeastBurst);
  program.Return(TC_ACT_OK);
  program.Drop();
  static constexpr char kLicense[] = "";
  attributes = {};
  attributes.prog_type = BPF_PROG_TYPE_SCHED_CLS;
  attributes.insns = reinterpret_cast<uint64_t>(program.instructions().data());
  attributes.insn_cnt = static_cast<uint32_t>(program.instructions().size());
  attributes.license = reinterpret_cast<uint64_t>(kLicense);
  return Bpf(BPF_PROG_LOAD, &attributes);
}

int PoliceFromGuest(int netlink, uint32_t index, const RatePlan& rate) {
  const util::UniqueFd policer = LoadPolicer(rate);
  if (!policer) return errno;
  tcmsg body = {};
  body.tcm_ifindex = static_cast<int>(index);
  body.tcm_parent = TC_H_CLSACT;
  body.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
  Request queue(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, body);
  queue.AddName(TCA_KIND, "clsact");
  if (const int error = queue.Exchange(netlink)) return error;
  body.tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
  body.tcm_handle = 0;
  body.tcm_info = TC_H_MAKE(1U << 16, htons(ETH_P_ALL));
  Request filter(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, body);
  filter.AddName(TCA_KIND, "bpf");
  rtattr* options = filter.Open(TCA_OPTIONS);
  filter.Add(TCA_BPF_FD, static_cast<uint32_t>(policer.get()));
  filter.AddName(TCA_BPF_NAME, "reeve-rate");
  filter.Add(TCA_BPF_FLAGS, uint32_t{TCA_BPF_FLAG_ACT_DIRECT});
  filter.Close(options);
  return filter.Exchange(netlink);
}

}  // namespace

void LiftRates(int netlink, uint32_t index) {
  for (const uint32_t parent : {uint32_t{TC_H_ROOT}, uint32_t{TC_H_CLSACT}}) {
    tcmsg body = {};
    body.tcm_ifindex = static_cast<int>(index);
    body.tcm_parent = parent;
    (void)Request(RTM_DELQDISC, 0, body).Exchange(netlink);  // an error says that there is none
  }
}

bool LimitRates(int netlink, uint32_t index, const InterfacePlan& plan, Failure* failure) {
  int error = 0;
  if (plan.to_guest.average != 0) error = ShapeToGuest(netlink, index, plan.to_guest);
  if (error == 0 && plan.from_guest.average != 0) error = PoliceFromGuest(netlink, index, plan.from_guest);
  return error == 0 || FailWith(failure, Step::kLimitRates, error, plan.guest_name);
}

}  // namespace reeve::lxc
