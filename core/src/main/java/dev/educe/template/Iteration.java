package dev.educe.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/// What values give when they are gone through.
final class Iteration {
  private Iteration() {}

  static boolean isIterable(Value value) {
    return switch (value) {
      case Text _, Seq _, Dict _, Range _, View _, Stream _, Undefined _, Loop _ -> true;
      default -> false;
    };
  }

  /// @throws TemplateException if it has no items
  static Iterator<Value> iterator(Value value) {
    return switch (value) {
      case Text text -> characters(text);
      case Seq seq -> seq.items().iterator();
      case Dict dict -> dict.entries().keySet().iterator();
      case Range range -> range.items().iterator();
      case View view -> view.items().iterator();
      case Stream stream -> stream;
      case Undefined _ -> List.<Value>of().iterator();
      default ->
          throw new TemplateException("a value of type " + value.typeName() + " has no items");
    };
  }

  /// The items, in a list that is not to be changed.
  static List<Value> list(Meter meter, Value value) {
    return switch (value) {
      case Seq seq -> seq.items();
      case View view -> view.items();
      default -> {
        var items = new ArrayList<Value>();
        var iterator = iterator(value);
        while (iterator.hasNext()) {
          meter.spend(1);
          items.add(iterator.next());
        }
        yield items;
      }
    };
  }

  /// As Python's `len`; -1 for what has none.
  static int length(Value value) {
    return switch (value) {
      case Text text -> text.length();
      case Seq seq -> seq.items().size();
      case Dict dict -> dict.entries().size();
      case Range range -> range.length();
      case View view -> view.items().size();
      case Undefined _ -> 0;
      case Loop loop -> loop.length();
      default -> -1;
    };
  }

  private static Iterator<Value> characters(Text text) {
    return new Iterator<>() {
      private int next; // in UTF-16 units

      @Override
      public boolean hasNext() {
        return next < text.string().length();
      }

      @Override
      public Value next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        int from = next;
        next += Character.charCount(text.string().codePointAt(from));
        return text.units(from, next);
      }
    };
  }
}
