package dev.educe.template.reply;

import java.util.List;

/// How a family writes a single tool call: a name, arguments, and literals around them.
public sealed interface CallForm {
  /// What stands before the name.
  String beforeName();

  /// What stands between the name and the arguments.
  String afterName();

  /// What stands after the arguments.
  String afterArguments();

  /// One JSON object with the name and the arguments as members.
  ///
  /// Read in any order and with other members; the arguments may be a string that holds JSON, and
  /// all may stand in a member `function`.
  ///
  /// @param nameKey the member with the name
  /// @param argumentsKey the member with the arguments
  record InObject(String nameKey, String argumentsKey) implements CallForm {
    @Override
    public String beforeName() {
      return "{\"" + nameKey + "\": \"";
    }

    @Override
    public String afterName() {
      return "\", \"" + argumentsKey + "\": ";
    }

    @Override
    public String afterArguments() {
      return "}";
    }
  }

  /// The name outside of the arguments.
  ///
  /// @param beforeName before the name
  /// @param afterName between name and arguments
  /// @param arguments how these are written
  /// @param afterArguments after the arguments
  record Named(String beforeName, String afterName, ArgumentSyntax arguments, String afterArguments)
      implements CallForm {}

  /// No call by its looks: the rest of the reply is code, for an interpreter that the family knows.
  /// Only read where such a tool is offered and nothing else fits.
  ///
  /// @param tools that may take the code, the first that is offered does
  /// @param isNamed whether the tool's name stands in the line before the code
  /// @param parameter which takes the code
  record Code(List<String> tools, boolean isNamed, String parameter) implements CallForm {
    public Code {
      tools = List.copyOf(tools);
    }

    @Override
    public String beforeName() {
      return "";
    }

    @Override
    public String afterName() {
      return isNamed ? "\n" : "";
    }

    @Override
    public String afterArguments() {
      return "";
    }
  }
}
