/// What a model's smaller brother costs in quality: perplexity, divergence, agreement, size, speed.
package dev.educe.optimize.evaluate;
