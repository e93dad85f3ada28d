/// Kernels written at run time: instructions of this very processor, emitted into executable memory
/// and called through the Foreign Function API.
///
/// From the ground up: [dev.educe.kernels.codegen.Assembler] writes instructions,
/// [dev.educe.kernels.codegen.CodeArena] makes them callable,
/// [dev.educe.kernels.codegen.CpuFeatures] says which there are, and
/// [dev.educe.kernels.codegen.MatrixEmitter] writes the one matrix kernel, into which each weight
/// format plugs its [dev.educe.kernels.codegen.Unpack].
///
/// Generated code checks no bounds. So whoever calls a kernel checks ranges first, and the tests
/// place every operand flush against a protected page.
package dev.educe.kernels.codegen;
