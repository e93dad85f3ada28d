/// The command: `educe run`, `inspect`, `tokenize`, `perplexity`, `logits`, `bench`, `serve` and
/// `keys`.
///
/// A command prints its result to standard output and nothing else there; whatever else there is to
/// say goes to standard error. [dev.educe.cli.Console] is both, [dev.educe.cli.Failures] turns what
/// went wrong into a sentence and an exit code.
package dev.educe.cli;
