/// Training of small models on the processor: the trainer of `educe distil`.
package dev.educe.optimize.train;
