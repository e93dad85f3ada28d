package dev.educe.backend.cpu;

import dev.educe.kernels.Kernels;
import dev.educe.platform.Workers;

/// Who computes, and with what.
record Crew(Kernels kernels, Workers workers) {}
