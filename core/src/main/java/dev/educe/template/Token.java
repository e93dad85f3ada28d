package dev.educe.template;

/// A piece of a template's source.
///
/// @param kind what it is
/// @param text the name, the operator, the string's characters or the text between tags
/// @param value of a number; else `None`
/// @param line where it begins, from 1
record Token(Kind kind, String text, Value value, int line) {
  enum Kind {
    DATA("text"),
    VARIABLE_BEGIN("begin of print statement"),
    VARIABLE_END("end of print statement"),
    BLOCK_BEGIN("begin of statement block"),
    BLOCK_END("end of statement block"),
    NAME("name"),
    STRING("string"),
    NUMBER("number"),
    OPERATOR("operator"),
    END("end of template");

    private final String description;

    Kind(String description) {
      this.description = description;
    }

    @Override
    public String toString() {
      return description;
    }
  }

  boolean isName(String name) {
    return kind == Kind.NAME && text.equals(name);
  }

  boolean isOperator(String operator) {
    return kind == Kind.OPERATOR && text.equals(operator);
  }

  /// As it stands in a sentence.
  String shown() {
    return switch (kind) {
      case NAME, OPERATOR -> "'" + Messages.shortened(text) + "'";
      default -> kind.toString();
    };
  }
}
