//! The fields of a parameter struct as RON text, one by one.
//!
//! Typed values go straight to RON, not by way of JSON, so that enums stay bare words and floats keep
//! their point.

use super::params::{ParamProblem, ron_options};
use serde::{
    Serialize,
    ser::{Impossible, SerializeMap, SerializeStruct, Serializer},
};

type Fields = Vec<(String, String)>;

/// The fields that differ from the defaults, as `(name, RON text)` in declared order.
///
/// # Errors
/// Where a value cannot be written.
pub fn ron_fields<P: Serialize>(params: &P, defaults: &P) -> Result<Fields, ParamProblem> {
    let wrong = |e: ron::Error| ParamProblem { field: String::new(), message: e.to_string() };
    let own = params.serialize(TopLevel).map_err(wrong)?;
    let default = defaults.serialize(TopLevel).map_err(wrong)?;
    Ok(own.into_iter().filter(|field| !default.contains(field)).collect())
}

/// Takes a struct apart; anything else has no fields.
struct TopLevel;

#[derive(Default)]
struct Collect {
    fields: Fields,
    key: String,
}

fn text<T: Serialize + ?Sized>(value: &T) -> Result<String, ron::Error> {
    // On one line, with a space after commas.
    ron_options().to_string_pretty(value, ron::ser::PrettyConfig::new().depth_limit(0))
}

fn no_struct<T>() -> Result<T, ron::Error> {
    Err(ron::Error::Message("parameters must be a struct with named fields".to_owned()))
}

impl SerializeStruct for Collect {
    type Ok = Fields;
    type Error = ron::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), ron::Error> {
        self.fields.push((key.to_owned(), text(value)?));
        Ok(())
    }

    fn end(self) -> Result<Fields, ron::Error> {
        Ok(self.fields)
    }
}

/// A struct with flattened fields comes as a map.
impl SerializeMap for Collect {
    type Ok = Fields;
    type Error = ron::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ron::Error> {
        self.key = text(key)?.trim_matches('"').to_owned();
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ron::Error> {
        self.fields.push((std::mem::take(&mut self.key), text(value)?));
        Ok(())
    }

    fn end(self) -> Result<Fields, ron::Error> {
        Ok(self.fields)
    }
}

macro_rules! refuse {
    ($($name:ident($($type:ty),*);)*) => {$(
        fn $name(self, $(_: $type),*) -> Result<Fields, ron::Error> {
            no_struct()
        }
    )*};
}

impl Serializer for TopLevel {
    type Ok = Fields;
    type Error = ron::Error;
    type SerializeSeq = Impossible<Fields, ron::Error>;
    type SerializeTuple = Impossible<Fields, ron::Error>;
    type SerializeTupleStruct = Impossible<Fields, ron::Error>;
    type SerializeTupleVariant = Impossible<Fields, ron::Error>;
    type SerializeMap = Collect;
    type SerializeStruct = Collect;
    type SerializeStructVariant = Impossible<Fields, ron::Error>;

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Collect, ron::Error> {
        Ok(Collect::default())
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Collect, ron::Error> {
        Ok(Collect::default())
    }

    fn serialize_unit(self) -> Result<Fields, ron::Error> {
        Ok(Vec::new())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Fields, ron::Error> {
        Ok(Vec::new())
    }

    refuse! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit_variant(&'static str, u32, &'static str);
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<Fields, ron::Error> {
        no_struct()
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Fields, ron::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Fields, ron::Error> {
        no_struct()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, ron::Error> {
        no_struct()
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, ron::Error> {
        no_struct()
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, ron::Error> {
        no_struct()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, ron::Error> {
        no_struct()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, ron::Error> {
        no_struct()
    }
}
