package dev.educe.format;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Recognizes what people open by mistake in place of a model, so that the message can say so.
final class ForeignFile {
  /// How much of a file's beginning is looked at.
  static final int BYTES_MAX = 512;

  private static final List<Signature> SIGNATURES =
      List.of(
          new Signature("PK\3\4", "a zip archive, as PyTorch writes; only GGUF files are read"),
          new Signature("PK\5\6", "an empty zip archive"),
          new Signature(
              "\u0080\2", "a Python pickle, which is a program; only GGUF files are read"),
          new Signature(
              "\u0080\3", "a Python pickle, which is a program; only GGUF files are read"),
          new Signature(
              "\u0080\4", "a Python pickle, which is a program; only GGUF files are read"),
          new Signature(
              "\u0080\5", "a Python pickle, which is a program; only GGUF files are read"),
          new Signature("version https://git-lfs", "a Git LFS pointer; run 'git lfs pull' there"),
          new Signature("\u0089PNG\r\n", "a PNG image"),
          new Signature("\u00ff\u00d8\u00ff", "a JPEG image"),
          new Signature("\u0089HDF\r\n", "an HDF5 file"),
          new Signature("\u001f\u008b", "compressed with gzip; unpack it first"),
          new Signature("(\u00b5/\u00fd", "compressed with zstd; unpack it first"),
          new Signature("\u00fd7zXZ", "compressed with xz; unpack it first"),
          new Signature("7z\u00bc\u00af", "a 7z archive; unpack it first"),
          new Signature("%PDF", "a PDF document"),
          new Signature("\u007fELF", "a program"),
          new Signature("FUGG", "a GGUF file in big-endian byte order; only little-endian is read"),
          new Signature("lmgg", "in a format older than GGUF; convert the model anew"),
          new Signature("fmgg", "in a format older than GGUF; convert the model anew"),
          new Signature("tjgg", "in a format older than GGUF; convert the model anew"));

  private record Signature(String start, String description) {}

  private ForeignFile() {}

  /// What a file is, to follow "is", if it is of a known kind.
  ///
  /// @param start its first bytes, up to [#BYTES_MAX]
  /// @param length of the whole file
  static Optional<String> recognize(byte[] start, long length) {
    if (length == 0) {
      return Optional.of("empty");
    }
    // One character for each byte, whatever it means.
    String text = new String(start, StandardCharsets.ISO_8859_1);
    if (text.startsWith("GGUF")) {
      return Optional.empty();
    }
    for (var signature : SIGNATURES) {
      if (text.startsWith(signature.start())) {
        return Optional.of(signature.description());
      }
    }
    String trimmed = text.strip().toLowerCase(Locale.ROOT);
    if (trimmed.startsWith("<!doctype html") || trimmed.startsWith("<html")) {
      return Optional.of("a web page: the download was answered with a message, not the model");
    }
    // The length of a JSON text in eight bytes, then the text.
    if (start.length > 8 && start[8] == '{' && text.startsWith("\0\0\0", 5)) {
      return Optional.of(
          "a safetensors file; 'educe quantize FOLDER OUT F16' makes a GGUF file of its folder");
    }
    if (trimmed.startsWith("{")) {
      return Optional.of("a JSON text");
    }
    if (Arrays.equals(start, new byte[start.length])) {
      return Optional.of("filled with zeros at its beginning: the download is not complete");
    }
    return Optional.empty();
  }
}
