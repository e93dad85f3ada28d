/// Text to token ids and back, from a checkpoint's own vocabulary.
///
/// Vocabularies come from strangers: whatever they hold, only
/// [dev.educe.format.ModelFormatException] comes out of loading one, and encoding takes time and
/// memory nearly linear in the text.
package dev.educe.tokenizer;
