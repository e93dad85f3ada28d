/// The public API: load a model, generate text, tokenize.
package dev.educe;
