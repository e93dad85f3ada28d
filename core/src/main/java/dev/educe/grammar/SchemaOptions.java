package dev.educe.grammar;

/// How the JSON of a schema is written.
///
/// @param isCompact whether no space stands after `:` and `,`; otherwise there may be one
/// @param isClosed whether an object whose schema names properties and does not say what else it
///   may hold has those alone; the standard lets it hold anything
public record SchemaOptions(boolean isCompact, boolean isClosed) {
  /// At most one space after `:` and `,`; objects as the standard says.
  public static SchemaOptions defaults() {
    return new SchemaOptions(false, false);
  }

  /// These without any spaces.
  public SchemaOptions compact() {
    return new SchemaOptions(true, isClosed);
  }

  /// These with objects that hold only what their schema names, unless it says otherwise.
  public SchemaOptions closed() {
    return new SchemaOptions(isCompact, true);
  }
}
