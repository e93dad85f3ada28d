package dev.educe.template;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// The filters of lists, dicts and other sequences.
final class SequenceFilters {
  private SequenceFilters() {}

  static void addTo(Map<String, Filters.Filter> filters) {
    filters.put("length", (_, value, _) -> length(value));
    filters.put("count", (_, value, _) -> length(value));
    filters.put("list", (in, value, _) -> Seq.list(List.copyOf(in.list(value))));
    filters.put("first", (_, value, _) -> first(value));
    filters.put("last", SequenceFilters::last);
    filters.put("reverse", SequenceFilters::reverse);
    filters.put("items", (_, value, _) -> items(value));
    filters.put("dictsort", SequenceFilters::dictSort);
    filters.put("sort", SequenceFilters::sort);
    filters.put("unique", SequenceFilters::unique);
    filters.put("min", (in, value, a) -> extreme(in, value, a, true));
    filters.put("max", (in, value, a) -> extreme(in, value, a, false));
    filters.put("sum", SequenceFilters::sum);
    filters.put("batch", SequenceFilters::batch);
    filters.put("slice", SequenceFilters::slice);
    filters.put("groupby", SequenceFilters::groupBy);
    filters.put("join", SequenceFilters::join);
  }

  private static Value length(Value value) {
    int length = Iteration.length(value);
    if (length < 0) {
      throw new TemplateException("a value of type " + value.typeName() + " has no length");
    }
    return Int.of(length);
  }

  private static Value first(Value value) {
    var items = Iteration.iterator(value);
    return items.hasNext()
        ? items.next()
        : new Undefined("there is no first item, the sequence is empty");
  }

  private static Value last(Interpreter in, Value value, Arguments arguments) {
    if (value instanceof Stream) {
      throw new TemplateException("a generator has no last item; make a list of it first");
    }
    var items = in.list(value);
    return items.isEmpty()
        ? new Undefined("there is no last item, the sequence is empty")
        : items.getLast();
  }

  private static Value reverse(Interpreter in, Value value, Arguments arguments) {
    var items = Operators.reversed(in.list(value));
    in.meter().items(items.size());
    return switch (value) {
      case Text _ -> {
        var text = new TextBuilder(in.meter());
        items.forEach(item -> text.append((Text) item));
        yield text.text();
      }
      case Stream _ -> Seq.list(items);
      default -> new Stream(items);
    };
  }

  private static Value items(Value value) {
    return switch (value) {
      case Undefined _ -> new Stream(List.of());
      case Dict dict ->
          new Stream(dict.entries().entrySet().stream().map(Attributes::pair).toList());
      default -> throw new TemplateException("items needs a dict, not a " + value.typeName());
    };
  }

  private static Value dictSort(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("dictsort", 0, "case_sensitive", "by", "reverse");
    boolean caseMatters = bound.isTrue("case_sensitive", false);
    String by = bound.text("by", "key").string();
    if (!by.equals("key") && !by.equals("value")) {
      throw new TemplateException("dictsort can sort by 'key' or by 'value' only");
    }
    if (!(value instanceof Dict dict)) {
      if (value instanceof Undefined undefined) {
        throw undefined.failure();
      }
      throw new TemplateException("dictsort needs a dict, not a " + value.typeName());
    }
    var pairs = new ArrayList<>(dict.entries().entrySet().stream().map(Attributes::pair).toList());
    Function<Value, Value> key =
        pair -> {
          Value part = ((Seq) pair).items().get(by.equals("key") ? 0 : 1);
          return caseMatters ? part : SelectionFilters.withoutCase(part);
        };
    return Seq.list(new Sorting(in.meter()).sorted(pairs, key, bound.isTrue("reverse", false)));
  }

  private static Value sort(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("sort", 0, "reverse", "case_sensitive", "attribute");
    boolean caseMatters = bound.isTrue("case_sensitive", false);
    var keys = new ArrayList<Function<Value, Value>>();
    if (bound.value("attribute") instanceof Text attributes) {
      for (Value part : new Splitter(in.meter(), attributes, Integer.MAX_VALUE).parts(",")) {
        keys.add(SelectionFilters.key(in, part, None.NONE, caseMatters));
      }
    } else {
      keys.add(SelectionFilters.key(in, bound.value("attribute"), None.NONE, caseMatters));
    }
    Function<Value, Value> key =
        item -> Seq.list(keys.stream().map(part -> part.apply(item)).toList());
    return Seq.list(
        new Sorting(in.meter()).sorted(in.list(value), key, bound.isTrue("reverse", false)));
  }

  private static Value unique(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("unique", 0, "case_sensitive", "attribute");
    var key =
        SelectionFilters.key(
            in, bound.value("attribute"), None.NONE, bound.isTrue("case_sensitive", false));
    var seen = new HashSet<Value>();
    var items = new ArrayList<Value>();
    for (Value item : in.list(value)) {
      Value mark = Dict.key(key.apply(item));
      in.meter().spend(Nesting.of(mark).weight());
      if (seen.add(mark)) {
        items.add(item);
      }
    }
    return new Stream(items);
  }

  private static Value extreme(Interpreter in, Value value, Arguments arguments, boolean isLeast) {
    var bound = arguments.bind(isLeast ? "min" : "max", 0, "case_sensitive", "attribute");
    var key =
        SelectionFilters.key(
            in, bound.value("attribute"), None.NONE, bound.isTrue("case_sensitive", false));
    Value best = null;
    Value bestKey = null;
    for (Value item : in.list(value)) {
      Value itemKey = key.apply(item);
      boolean isBetter =
          best == null
              || (isLeast
                  ? in.operators().isLess(itemKey, bestKey)
                  : in.operators().isLess(bestKey, itemKey));
      if (isBetter) {
        best = item;
        bestKey = itemKey;
      }
    }
    return best != null ? best : new Undefined("nothing is least or most of an empty sequence");
  }

  private static Value sum(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("sum", 0, "attribute", "start");
    var key = SelectionFilters.path(in, bound.value("attribute"), None.NONE);
    Value sum = bound.has("start") ? bound.value("start") : Int.of(0);
    if (sum instanceof Text) {
      throw new TemplateException("sum does not add strings; use join");
    }
    for (Value item : in.list(value)) {
      in.meter().spend(1);
      sum = in.operators().apply(Expr.Operator.ADD, sum, key.apply(item));
    }
    return sum;
  }

  private static Value batch(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("batch", 1, "linecount", "fill_with");
    int count = bound.number("linecount", 0);
    var batches = new ArrayList<Value>();
    var batch = new ArrayList<Value>();
    for (Value item : in.list(value)) {
      in.meter().spend(1);
      if (batch.size() == count) {
        batches.add(Seq.list(batch));
        batch = new ArrayList<>();
      }
      batch.add(item);
    }
    if (!batch.isEmpty()) {
      fill(in, batch, bound.value("fill_with"), count - batch.size());
      batches.add(Seq.list(batch));
    }
    return new Stream(batches);
  }

  private static void fill(Interpreter in, List<Value> items, Value with, int count) {
    if (with != None.NONE && count > 0) {
      in.meter().items(count);
      for (int i = 0; i < count; i++) {
        items.add(with);
      }
    }
  }

  private static Value slice(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("slice", 1, "slices", "fill_with");
    var items = in.list(value);
    int count = bound.number("slices", 0);
    if (count == 0) {
      throw new TemplateException("slice needs at least one slice");
    }
    in.meter().spend(Math.max(0, count));
    var slices = new ArrayList<Value>();
    int each = items.size() / count;
    int longer = items.size() % count;
    int from = 0;
    for (int i = 0; i < count; i++) {
      int to = from + each + (i < longer ? 1 : 0);
      in.meter().items(to - from);
      var slice = new ArrayList<>(items.subList(from, to));
      fill(in, slice, bound.value("fill_with"), i >= longer ? 1 : 0);
      slices.add(Seq.list(slice));
      from = to;
    }
    return new Stream(slices);
  }

  private static Value groupBy(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("groupby", 1, "attribute", "default", "case_sensitive");
    boolean caseMatters = bound.isTrue("case_sensitive", false);
    Value attribute = bound.value("attribute");
    var key = SelectionFilters.key(in, attribute, bound.value("default"), caseMatters);
    var shown = SelectionFilters.path(in, attribute, bound.value("default"));
    var groups = new ArrayList<Value>();
    var group = new ArrayList<Value>();
    Value groupKey = null;
    for (Value item : new Sorting(in.meter()).sorted(in.list(value), key, false)) {
      Value itemKey = key.apply(item);
      if (groupKey != null && !in.operators().areEqual(itemKey, groupKey)) {
        groups.add(group(shown, group));
        group = new ArrayList<>();
      }
      groupKey = itemKey;
      group.add(item);
    }
    if (!group.isEmpty()) {
      groups.add(group(shown, group));
    }
    return Seq.list(groups);
  }

  private static Value group(Function<Value, Value> key, List<Value> items) {
    return Seq.named(
        List.of("grouper", "list"), List.of(key.apply(items.getFirst()), Seq.list(items)));
  }

  private static Value join(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("join", 0, "d", "attribute");
    var key = SelectionFilters.path(in, bound.value("attribute"), None.NONE);
    Text separator = bound.has("d") ? in.text(bound.value("d")) : Text.EMPTY;
    var text = new TextBuilder(in.meter());
    boolean isFirst = true;
    for (var items = Iteration.iterator(value); items.hasNext(); isFirst = false) {
      in.meter().spend(1);
      text.append(isFirst ? Text.EMPTY : separator).append(in.text(key.apply(items.next())));
    }
    return text.text();
  }
}
