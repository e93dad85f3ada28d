package dev.educe.bench;

/// What one run gave.
///
/// @param value in the test's unit
/// @param peakBytes the most memory that the process held; 0 where the system does not tell
record Sample(double value, long peakBytes) {}
