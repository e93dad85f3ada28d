/// Element types, block layouts and shapes: what a tensor's bytes mean.
package dev.educe.tensor;
