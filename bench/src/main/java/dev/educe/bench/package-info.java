/// `./dev bench`: Educe and its peers side by side, the machine's limits, and the kernels alone.
///
/// Everything that is compared is run in turn, round by round, since a machine is rarely idle and
/// never equally fast; what counts are medians of ratios. Peers run as processes of their own, as
/// Educe does, so that memory and start-up are real and a peer that hangs can be ended.
package dev.educe.bench;
