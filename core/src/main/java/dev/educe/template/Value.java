package dev.educe.template;

/// What a template computes with: the values of Python that chat templates need, and no others.
///
/// Two values are equal as Python has it: `1`, `1.0` and `True` are; texts are by their characters,
/// whoever wrote them. What the conversions below give never changes and may be shared by threads.
public sealed interface Value
    permits None,
        Bool,
        Int,
        Real,
        Text,
        Seq,
        Dict,
        Range,
        View,
        Stream,
        Undefined,
        Namespace,
        Cycler,
        Function,
        Macro,
        Loop {

  /// What a user provides: every text in it, keys included, is marked as content.
  ///
  /// The one exception is a known role (`user`, `assistant`, …) below the key `role`, since
  /// templates make special tokens of it.
  ///
  /// @param plain a String, Number, Boolean, List, Map with String keys, Value, or null for `none`
  /// @throws TemplateException if it holds anything else or is nested too deeply
  static Value content(Object plain) {
    return Conversion.of(plain, Marks.CONTENT);
  }

  /// What belongs to the model, such as `bos_token`: its texts count as the template's own.
  ///
  /// @param plain a String, Number, Boolean, List, Map with String keys, Value, or null for `none`
  /// @throws TemplateException if it holds anything else or is nested too deeply
  static Value trusted(Object plain) {
    return Conversion.of(plain, 0);
  }

  /// What Python calls the type: `str`, `dict`, `NoneType`.
  String typeName();

  /// Whether it counts as true in a condition.
  boolean isTrue();
}
