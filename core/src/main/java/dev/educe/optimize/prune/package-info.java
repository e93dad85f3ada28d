/// Takes parts out of a model: layers, feed-forward units, tokens, small weights.
///
/// What goes is what matters least, as measured on a text. The result is a model like any other,
/// which [dev.educe.optimize.evaluate] compares with what it came from and which training may heal.
package dev.educe.optimize.prune;
