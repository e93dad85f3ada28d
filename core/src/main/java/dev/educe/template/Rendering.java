package dev.educe.template;

import java.util.ArrayList;
import java.util.List;

/// What a template rendered, and where each part of it came from.
///
/// A tokenizer should take the text of a special token for that token only where it lies wholly
/// within spans that are not content, and read what is between special tokens as one text, whatever
/// spans it has: then no user can write a special token, and ordinary text is cut into tokens as
/// ever.
///
/// @param text the whole
/// @param spans its parts from the first character to the last; neighbours differ
public record Rendering(String text, List<Span> spans) {
  /// A part of one origin. Offsets are in UTF-16 units.
  ///
  /// @param start where it begins
  /// @param end where the next begins
  /// @param isContent whether a user provided it: then special tokens in it are mere text
  /// @param isGenerated whether a `generation` block rendered it, as what a model is to learn
  public record Span(int start, int end, boolean isContent, boolean isGenerated) {}

  static Rendering of(Text text) {
    var spans = new ArrayList<Span>();
    var marks = text.marks();
    int start = 0;
    for (int run = 0; run < marks.runs(); run++) {
      int flags = marks.flags(run);
      spans.add(
          new Span(
              start, marks.end(run), (flags & Marks.CONTENT) != 0, (flags & Marks.GENERATED) != 0));
      start = marks.end(run);
    }
    if (spans.isEmpty() && text.isTrue()) {
      spans.add(new Span(0, text.string().length(), false, false));
    }
    return new Rendering(text.string(), List.copyOf(spans));
  }
}
