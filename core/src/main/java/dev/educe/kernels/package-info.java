/// CPU arithmetic: the contract, the scalar code that defines it, and faster code with the same
/// bits.
///
/// One rule makes it simple: a lane is an output, and lanes are never added to each other. So the
/// result depends neither on the width of a vector nor on how much is computed together.
///
/// Kernels borrow every segment for the length of a call and may be called from any number of
/// threads on ranges that do not overlap. They keep nothing between calls but scratch of the
/// calling thread, so that a thread's first calls allocate and later ones do not.
package dev.educe.kernels;
