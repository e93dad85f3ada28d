package dev.educe.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/// The variable `loop`: where in its items a loop is. Looks ahead only when asked.
final class Loop implements Value {
  private Iterator<Value> source;
  private int length;
  private final int depth;
  private final Function.Body recursion;
  private int index; // of the current item, from 1
  private Value previous;
  private Value current;
  private Value following;
  private Value lastSeen;

  /// @param source the items
  /// @param length how many they are; -1 if that is not known
  /// @param depth how many loops of the same statement are around it
  /// @param recursion what a call of the loop does
  Loop(Iterator<Value> source, int length, int depth, Function.Body recursion) {
    this.source = source;
    this.length = length;
    this.depth = depth;
    this.recursion = recursion;
  }

  /// Goes to the next item.
  ///
  /// @return whether there is one
  boolean advance() {
    if (!hasNext()) {
      return false;
    }
    previous = current;
    current = following;
    following = null;
    index++;
    return true;
  }

  private boolean hasNext() {
    if (following == null && source.hasNext()) {
      following = source.next();
    }
    return following != null;
  }

  Value current() {
    return current;
  }

  int index() {
    return index;
  }

  int length() {
    if (length < 0) {
      var rest = new ArrayList<Value>();
      source.forEachRemaining(rest::add);
      source = rest.iterator();
      length = index + (following == null ? 0 : 1) + rest.size();
    }
    return length;
  }

  Value call(Interpreter interpreter, Arguments arguments) {
    return recursion.call(interpreter, arguments);
  }

  /// @return null if it has no such attribute
  Value attribute(String name) {
    return switch (name) {
      case "index" -> Int.of(index);
      case "index0" -> Int.of(index - 1);
      case "revindex" -> Int.of(length() - index + 1);
      case "revindex0" -> Int.of(length() - index);
      case "first" -> Bool.of(index == 1);
      case "last" -> Bool.of(!hasNext());
      case "length" -> Int.of(length());
      case "depth" -> Int.of(depth + 1);
      case "depth0" -> Int.of(depth);
      case "previtem" -> index == 1 ? new Undefined("there is no previous item") : previous;
      case "nextitem" -> hasNext() ? following : new Undefined("there is no next item");
      case "cycle" -> new Function(name, (_, arguments) -> cycle(arguments.positional()));
      case "changed" -> new Function(name, (in, arguments) -> changed(in, arguments));
      default -> null;
    };
  }

  private Value cycle(List<Value> items) {
    if (items.isEmpty()) {
      throw new TemplateException("loop.cycle() needs at least one item");
    }
    return items.get((index - 1) % items.size());
  }

  private Value changed(Interpreter interpreter, Arguments arguments) {
    Value seen = Seq.tuple(arguments.positional());
    boolean isSame = lastSeen != null && interpreter.operators().areEqual(seen, lastSeen);
    lastSeen = seen;
    return Bool.of(!isSame);
  }

  @Override
  public String typeName() {
    return "LoopContext";
  }

  @Override
  public boolean isTrue() {
    return length() > 0;
  }
}
