package dev.educe.server.openai;

import dev.educe.server.http.ApiError;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Fields;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// A form whose fields are told apart by a line that is in none of them.
///
/// Source: RFC 7578 (form data), RFC 2046 section 5.1.1 (multipart).
///
/// @param form the file of its bytes
/// @param parts by name
record FormParts(Path form, Map<String, Part> parts) {
  private static final int PARTS_MAX = 16;
  private static final int HEAD_BYTES_MAX = 4_096;
  private static final int TEXT_BYTES_MAX = 1_024;

  // At most 70 of the characters that RFC 2046 allows.
  private static final Pattern BOUNDARY =
      Pattern.compile(";\\s*boundary=(?:\"([^\"\\s]{1,70})\"|([^\\s;\"]{1,70}))");
  private static final Pattern NAME = Pattern.compile(";\\s*name=\"([^\"\\r\\n]{1,64})\"");
  private static final Pattern FILE_NAME =
      Pattern.compile(";\\s*filename=\"([^\"\\r\\n]{0,255})\"");

  /// Where a field's bytes are.
  record Part(String name, String fileName, long begin, long length) {}

  /// @param form the file of its bytes
  /// @param type as the header `content-type` has it
  /// @throws ApiException if it is no such form
  static FormParts of(Path form, String type) throws IOException {
    var boundary = BOUNDARY.matcher(type);
    if (!boundary.find()) {
      throw invalid("its content-type names no boundary");
    }
    String word = boundary.group(1) == null ? boundary.group(2) : boundary.group(1);
    byte[] first = ("--" + word).getBytes(StandardCharsets.ISO_8859_1);
    byte[] next = ("\r\n--" + word).getBytes(StandardCharsets.ISO_8859_1);
    try (var channel = FileChannel.open(form)) {
      var bytes = channel.map(MapMode.READ_ONLY, 0, channel.size());
      var parts = new LinkedHashMap<String, Part>();
      int at = find(bytes, first, 0);
      while (at >= 0 && !isAt(bytes, "--", after(bytes, first, next, at))) {
        int head = after(bytes, first, next, at);
        int body = find(bytes, "\r\n\r\n".getBytes(StandardCharsets.US_ASCII), head);
        int end = body < 0 ? -1 : find(bytes, next, body + 2);
        if (!isAt(bytes, "\r\n", head) || end < 0 || body - head > HEAD_BYTES_MAX) {
          throw invalid("a part of it has no end");
        }
        var part = part(text(bytes, head, body - head), body + 4, Math.max(0, end - body - 4));
        if (parts.put(part.name, part) != null || parts.size() > PARTS_MAX) {
          throw invalid("a field comes twice, or there are too many");
        }
        at = end;
      }
      if (at < 0) {
        throw invalid("it has no end");
      }
      return new FormParts(form, parts);
    }
  }

  /// Behind the boundary that begins here, which the form may begin with.
  private static int after(ByteBuffer bytes, byte[] first, byte[] next, int at) {
    return at + (bytes.get(at) == '\r' ? next.length : first.length);
  }

  private static Part part(String head, long begin, long length) {
    var name = NAME.matcher(head);
    var fileName = FILE_NAME.matcher(head);
    if (!name.find()) {
      throw invalid("a part of it has no name");
    }
    return new Part(name.group(1), fileName.find() ? fileName.group(1) : "", begin, length);
  }

  private static boolean isAt(ByteBuffer bytes, String text, int at) {
    return at + text.length() <= bytes.limit() && text(bytes, at, text.length()).equals(text);
  }

  private static String text(ByteBuffer bytes, int at, int length) {
    var text = new byte[length];
    bytes.get(at, text);
    return new String(text, StandardCharsets.UTF_8);
  }

  private static int find(ByteBuffer bytes, byte[] wanted, int from) {
    for (int at = from; at <= bytes.limit() - wanted.length; at++) {
      int same = 0;
      while (same < wanted.length && bytes.get(at + same) == wanted[same]) {
        same++;
      }
      if (same == wanted.length) {
        return at;
      }
    }
    return -1;
  }

  private static ApiException invalid(String reason) {
    return new ApiException(
        ApiError.badRequest(
            "invalid_form",
            "The body of your request could not be read as a form: " + reason + "."));
  }

  /// @throws ApiException if there is no such field
  Part require(String name) {
    var part = parts.get(name);
    if (part == null) {
      throw Fields.invalid(
          name, "missing_required_parameter", "Missing required parameter: '" + name + "'.");
    }
    return part;
  }

  /// A field that is a short text.
  ///
  /// @throws ApiException if there is no such field
  String text(String name) throws IOException {
    var part = require(name);
    if (part.length > TEXT_BYTES_MAX) {
      throw Fields.invalid(name, "invalid_value", "Invalid '%s': too long.".formatted(name));
    }
    var text = ByteBuffer.allocate((int) part.length);
    try (var channel = FileChannel.open(form)) {
      channel.read(text, part.begin);
    }
    return new String(text.array(), StandardCharsets.UTF_8);
  }

  /// @throws ApiException if there is a field beyond these
  void refuseOthers(Set<String> names) {
    for (String name : parts.keySet()) {
      if (!names.contains(name)) {
        throw Fields.invalid(
            name,
            "unsupported_parameter",
            "Unsupported parameter: '%s' is not supported here.".formatted(name));
      }
    }
  }

  /// Copies a field's bytes into a file.
  void copy(Part part, Path to) throws IOException {
    try (var in = FileChannel.open(form);
        var out = FileChannel.open(to, StandardOpenOption.WRITE)) {
      long copied = 0;
      while (copied < part.length) {
        copied += in.transferTo(part.begin + copied, part.length - copied, out);
      }
    }
  }
}
