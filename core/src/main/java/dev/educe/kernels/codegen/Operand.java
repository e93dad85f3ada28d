package dev.educe.kernels.codegen;

/// What an instruction reads or writes.
sealed interface Operand permits Gpr, Vec, Mem {}
