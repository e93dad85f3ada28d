package dev.educe.template.reply;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// Tells content, reasoning and tool calls apart while a reply is written.
///
/// The text must come as the model wrote it, special tokens and all. Every character is looked at
/// once and in order, so how the reply is cut into pieces does not change what is read. Markers,
/// and what may grow into one, are never shown; nor is white space beside them. Calls are looked
/// for only if tools are offered. What begins like a call and is none becomes content as it stands.
///
/// Belongs to one reply; not thread-safe.
public final class ReplyReader {
  /// How many characters may be held back, until a call has its name or a value its end.
  static final int HELD_MAX = 1 << 18;

  /// How much white space may wait for what follows it.
  private static final int SPACE_MAX = 256;

  /// Shorter beginnings of a marker may well be something else.
  private static final int BEGUN_MIN = 3;

  private final Parts parts = new Parts();
  private final OfferedTools tools;
  private final int heldMax;

  /// What begins a call, with the syntaxes that begin so. An empty one stands for JSON alone.
  private final Map<String, List<CallSyntax>> triggers = new LinkedHashMap<>();

  private final Map<String, ReasoningSyntax> openings = new LinkedHashMap<>();
  private final List<String> atStart = new ArrayList<>();
  private final List<String> anywhere = new ArrayList<>();
  private final List<String> ignored;

  private final StringBuilder held = new StringBuilder();
  private final StringBuilder space = new StringBuilder();

  /// The reasoning that the reply is in, or `null`.
  private ReasoningSyntax reasoning;

  /// The markers that end it.
  private List<String> endings = List.of();

  /// Those that end it where a line begins: also elements of calls, which models write without
  /// closing their reasoning before, but mention in it as well.
  private List<String> endingsOfLines = List.of();

  /// The section that the reply is in, or `null`.
  private CallSection section;

  /// Whether content has come since the beginning or the last section.
  private boolean hasContent;

  private boolean besideMarker;
  private boolean finished;

  ReplyReader(ReplyFormat format, List<OfferedTool> offered, String prompt, int heldMax) {
    this.heldMax = heldMax;
    tools = OfferedTools.of(offered);
    ignored = format.ignored();
    for (var syntax : format.reasoning()) {
      openings.put(syntax.open().strip(), syntax);
    }
    if (!tools.isEmpty()) {
      for (var syntax : format.calls()) {
        triggers.computeIfAbsent(syntax.trigger(), _ -> new ArrayList<>()).add(syntax);
      }
    }
    openings.keySet().forEach(open -> (Marker.isControl(open) ? anywhere : atStart).add(open));
    format.reasoning().forEach(syntax -> atStart.add(syntax.close().strip()));
    triggers.values().stream()
        .flatMap(List::stream)
        .map(CallSyntax::closeMarker)
        .filter(marker -> !marker.isEmpty())
        .forEach(atStart::add);
    triggers.keySet().stream().filter(open -> !open.isEmpty()).forEach(anywhere::add);
    anywhere.addAll(ignored);
    atStart.addAll(anywhere);
    takePrompt(prompt.stripTrailing());
  }

  /// A prompt may end with the marker that begins what the reply is to be.
  private void takePrompt(String prompt) {
    atStart.stream()
        .filter(marker -> openings.containsKey(marker) || triggers.containsKey(marker))
        .filter(prompt::endsWith)
        .findFirst()
        .or(() -> begunMarker(prompt))
        .ifPresent(marker -> marker.chars().forEach(c -> step((char) c)));
  }

  /// The beginning of a marker to be ignored, such as the `>>>` of `>>>all`.
  private Optional<String> begunMarker(String prompt) {
    return ignored.stream()
        .flatMap(marker ->
            IntStream.range(BEGUN_MIN, marker.length()).mapToObj(end -> marker.substring(0, end)))
        .filter(prompt::endsWith)
        .max(Comparator.comparing(String::length));
  }

  /// Takes the next piece of the reply and hands over what has become certain.
  public void accept(String text, Consumer<ReplyPart> sink) {
    if (finished) {
      throw new IllegalStateException("this reply is finished; make a reader for each");
    }
    for (int i = 0; i < text.length(); i++) {
      step(text.charAt(i));
    }
    parts.drain(sink);
  }

  /// Hands over the rest. A call that is not whole is said to be incomplete.
  ///
  /// @param cut whether the reply was cut off, by a limit or a cancellation: the beginning of a
  ///   marker is dropped then. What a model that ended by itself has written is no beginning of
  ///   anything, and is shown.
  public void finish(boolean cut, Consumer<ReplyPart> sink) {
    finished = true;
    while (!held.isEmpty() && !cut) {
      String rest = held.toString();
      held.setLength(0);
      String marker = longest(rest);
      if (marker.isEmpty()) {
        plain(rest.charAt(0));
      } else {
        take(marker);
      }
      rest.chars().skip(Math.max(1, marker.length())).forEach(c -> step((char) c));
    }
    if (section != null) {
      section.finish(cut);
      leave(cut);
    }
    if (!besideMarker && !(cut && reasoning != null)) {
      flushSpace();
    }
    parts.drainAll(sink);
  }

  /// Whether the next token continues reasoning, for those who give it a budget.
  public boolean insideReasoning() {
    return reasoning != null && section == null;
  }

  /// What to write to end the reasoning early; empty if the reply is not inside reasoning.
  public String closing() {
    return insideReasoning() ? reasoning.closing() : "";
  }

  private void step(char c) {
    if (section == null) {
      text(c);
    } else if (section.accept(c) != Progress.MORE) {
      leave(false);
    }
  }

  private void leave(boolean cut) {
    var left = section;
    section = null;
    String rejected = cut && left.isMarked() ? "" : left.rejected();
    if (left.hasCalls()) {
      setReasoning(null);
    }
    if (left.hasCalls() || rejected.isEmpty()) {
      marker();
    }
    rejected.chars().forEach(c -> put((char) c));
    left.untaken().chars().forEach(c -> step((char) c));
  }

  private void text(char c) {
    held.append(c);
    String seen = held.toString();
    for (String marker : markers()) {
      if (marker.length() > seen.length() && marker.startsWith(seen)) {
        return;
      }
    }
    held.setLength(0);
    String marker = longest(seen);
    if (marker.isEmpty()) {
      plain(seen.charAt(0));
    } else {
      take(marker);
    }
    seen.chars().skip(Math.max(1, marker.length())).forEach(rest -> step((char) rest));
  }

  private List<String> markers() {
    if (reasoning != null) {
      return besideMarker || space.indexOf("\n") >= 0 ? endingsOfLines : endings;
    }
    return hasContent ? anywhere : atStart;
  }

  private String longest(String text) {
    String longest = "";
    for (String marker : markers()) {
      if (marker.length() > longest.length() && text.startsWith(marker)) {
        longest = marker;
      }
    }
    return longest;
  }

  private void take(String marker) {
    if (triggers.containsKey(marker)) {
      section = new CallSection(triggers.get(marker), marker, parts, tools, heldMax);
      return;
    }
    if (reasoning != null) {
      setReasoning(null);
    } else if (openings.containsKey(marker)) {
      setReasoning(openings.get(marker));
    }
    marker();
  }

  private void setReasoning(ReasoningSyntax syntax) {
    reasoning = syntax;
    if (syntax != null) {
      endings = new ArrayList<>(List.of(syntax.close().strip()));
      triggers.keySet().stream().filter(Marker::isControl).forEach(endings::add);
      endingsOfLines = new ArrayList<>(endings);
      triggers.keySet().stream().filter(open -> open.startsWith("<")).forEach(endingsOfLines::add);
    }
  }

  private void marker() {
    space.setLength(0);
    besideMarker = true;
    hasContent = false;
  }

  /// Takes a character that is part of no marker.
  private void plain(char c) {
    boolean bare = reasoning == null && !hasContent && triggers.containsKey("");
    if (bare && (c == '{' || c == '[')) {
      section = new CallSection(triggers.get(""), "", parts, tools, heldMax);
      step(c);
    } else {
      put(c);
    }
  }

  private void put(char c) {
    if (Character.isWhitespace(c) && space.length() < SPACE_MAX) {
      space.append(c);
      return;
    }
    if (!besideMarker) {
      flushSpace();
    }
    space.setLength(0);
    besideMarker = false;
    hasContent |= reasoning == null;
    parts.text(reasoning != null, c);
  }

  private void flushSpace() {
    space.chars().forEach(c -> parts.text(reasoning != null, (char) c));
    space.setLength(0);
  }
}
