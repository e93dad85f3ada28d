package dev.educe.grammar;

/// A tool that a model may call.
///
/// @param parameters the JSON schema of its arguments, an object's
public record Tool(String name, String parameters) {}
