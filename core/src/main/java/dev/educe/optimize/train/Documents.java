package dev.educe.optimize.train;

import java.util.Arrays;
import java.util.List;

/// A file of texts as training reads it: UTF-8, each text ended by [#END] and a line end; a file
/// without is one text.
public final class Documents {
  /// What stands after each text, as in the files of TinyStories.
  public static final String END = "\n<|endoftext|>";

  private Documents() {}

  /// The texts of a file's content, without empty ones.
  public static List<String> of(String content) {
    return Arrays.stream(content.split("(?m)^<\\|endoftext\\|>$"))
        .map(String::strip)
        .filter(text -> !text.isEmpty())
        .toList();
  }
}
