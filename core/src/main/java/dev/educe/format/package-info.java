/// Model files: bytes to metadata and a directory of tensors, and back.
///
/// Nothing but [dev.educe.format.ModelFormatException] comes out of a bad file, and the work is
/// proportional to the bytes that are there.
package dev.educe.format;
