package dev.educe.backend.cpu;

import dev.educe.backend.ProductObserver;
import dev.educe.kernels.Kernels;
import dev.educe.platform.Workers;

/// Who computes, with what, and who watches.
record Crew(Kernels kernels, Workers workers, ProductObserver observer) {}
