package dev.educe.template.reply;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/// A reply and what is to be read from it.
///
/// @param signs what the family's template has in it
/// @param prompt what the reply continues
/// @param text of the reply
/// @param expected the parts, as [Replies] writes them
record Sample(String signs, String prompt, String text, List<String> expected) {
  /// What models of each family write, well and badly.
  static final List<Sample> ALL = all();

  private static List<Sample> all() {
    try (var file = Sample.class.getResourceAsStream("replies.json")) {
      return JsonMapper.shared().readValue(file, new TypeReference<>() {});
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  ReplyFormat format() {
    return ReplyFormat.detect(signs);
  }

  ReplyReader reader() {
    return format().reader(Replies.TOOLS, prompt);
  }
}
