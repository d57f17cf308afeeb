//! Derivations by number: what orders a program's graph.

/// A derivation's place in its program's order: one reads only those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u16);

impl NodeId {
    /// The derivation at a place of the list; [`nodes!`](crate::nodes) numbers them.
    pub const fn new(place: u16) -> NodeId {
        NodeId(place)
    }

    /// The place.
    pub const fn place(self) -> usize {
        self.0 as usize
    }
}

/// Names a program's derivations, in the order in which they may read one another: `Node::Name` is the [`NodeId`] of
/// each, `Node::ALL` has all names.
#[macro_export]
macro_rules! nodes {
    ($(#[doc = $doc:literal] $name:ident,)*) => {
        /// The derivations. One reads only those before it.
        pub enum Node {}

        #[repr(u16)]
        enum Place {
            $($name,)*
        }

        #[allow(non_upper_case_globals)]
        impl Node {
            $(#[doc = $doc] pub const $name: $crate::NodeId = $crate::NodeId::new(Place::$name as u16);)*

            /// Each one's name, and what it makes in words, in order.
            pub const ALL: &'static [(&'static str, &'static str)] = &[$((stringify!($name), $doc.trim_ascii()),)*];
        }
    };
}
