/// Chat templates: an interpreter for the Jinja that models bring along, as jinja2 3.1 renders it
/// in its immutable sandbox.
///
/// Templates come from strangers. They are interpreted over a closed set of values, without
/// reflection and without objects of the host; work, sizes and depth are bounded before anything is
/// allocated; and only [dev.educe.template.TemplateException] comes out of one that is bad. A
/// rendering says which of its characters came from a user, so that nothing but the template writes
/// special tokens.
///
/// This package uses no other.
package dev.educe.template;
