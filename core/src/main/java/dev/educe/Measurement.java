package dev.educe;

/// How fast a model reads and writes.
///
/// @param promptRate tokens read per second; 0 if none were
/// @param decodeRate tokens written per second, of all sequences together; 0 if none were
public record Measurement(double promptRate, double decodeRate) {}
