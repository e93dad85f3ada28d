/// Makes models cheaper and measures what that costs: importance, pruning, evaluation.
///
/// Models are measured without an engine: one text at a time, on the executor itself.
package dev.educe.optimize;
