/// Checkpoints as Hugging Face publishes them, read as if they were GGUF files: hyperparameters,
/// vocabulary and tensors under GGUF's names.
///
/// Nothing but [dev.educe.format.ModelFormatException] and
/// [dev.educe.format.UnsupportedModelException] comes out of bad files.
package dev.educe.huggingface;
