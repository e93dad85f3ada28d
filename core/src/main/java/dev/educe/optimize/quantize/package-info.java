/// Makes checkpoints smaller: encoders for every quantized format, the choice of a format for each
/// tensor, and the writing of the file.
package dev.educe.optimize.quantize;
