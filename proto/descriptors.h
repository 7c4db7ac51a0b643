// When the descriptions of messages are made ready.
#pragma once

namespace reeve {

// Protocol Buffers make the description of every message of the program ready at its start, which takes longer than a
// short command has to do; most commands need none, for to write and to read messages needs none. A program that is
// linked with the linkopts of //proto:descriptors begins without, and each message has its description when it is first
// asked for it (Message::GetDescriptor). Who looks for one by its name, in DescriptorPool::generated_pool(), calls this
// first: it makes all of them ready. In other programs it does nothing. Not while other threads use descriptors.
void NeedDescriptors();

}  // namespace reeve
