//! Every colour and size of the window: two finished palettes, one accent.

use super::texts;
use crate::pipeline::{Category, MarkColor, PortType};
use egui::{Color32, CornerRadius, FontId, Margin, Stroke, TextStyle, Theme, Vec2, Visuals, vec2};

/// Height of a line of controls.
pub const ROW: f32 = 22.0;

/// The colours of one theme; chrome recedes, data is brightest.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Palette {
    pub accent: Color32,
    pub canvas: Color32,
    pub grid: Color32,
    pub panel: Color32,
    pub bar: Color32,
    pub field: Color32,
    pub control: Color32,
    pub control_hovered: Color32,
    pub line: Color32,
    pub node: Color32,
    pub node_edge: Color32,
    pub text: Color32,
    pub text_strong: Color32,
    pub text_weak: Color32,
    pub good: Color32,
    pub warn: Color32,
    pub bad: Color32,
    pub on_accent: Color32,
    pub shadow: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

const DARK: Palette = Palette {
    accent: rgb(0x7d93ff),
    canvas: rgb(0x131518),
    grid: rgb(0x23262b),
    panel: rgb(0x1a1d21),
    bar: rgb(0x17191d),
    field: rgb(0x101215),
    control: rgb(0x2a2e35),
    control_hovered: rgb(0x363b44),
    line: rgb(0x2a2e34),
    node: rgb(0x22262c),
    node_edge: rgb(0x363b43),
    text: rgb(0xc6cbd3),
    text_strong: rgb(0xf0f2f5),
    text_weak: rgb(0x868d98),
    good: rgb(0x59c08a),
    warn: rgb(0xe0a83e),
    bad: rgb(0xf06a6a),
    on_accent: rgb(0x0e1018),
    shadow: Color32::from_black_alpha(90),
};

const LIGHT: Palette = Palette {
    accent: rgb(0x4055d8),
    canvas: rgb(0xf1f2f4),
    grid: rgb(0xdfe2e6),
    panel: rgb(0xfafafb),
    bar: rgb(0xf4f5f6),
    field: rgb(0xffffff),
    control: rgb(0xe6e8ec),
    control_hovered: rgb(0xd9dce2),
    line: rgb(0xdddfe4),
    node: rgb(0xffffff),
    node_edge: rgb(0xcbd0d7),
    text: rgb(0x33383f),
    text_strong: rgb(0x0f1216),
    text_weak: rgb(0x717882),
    good: rgb(0x1f8a54),
    warn: rgb(0xa86f00),
    bad: rgb(0xc93434),
    on_accent: rgb(0xffffff),
    shadow: Color32::from_black_alpha(28),
};

/// The palette of the theme in use.
pub fn palette(visuals: &Visuals) -> &'static Palette {
    if visuals.dark_mode { &DARK } else { &LIGHT }
}

/// Colour of ports and wires of a type; pairs that colour-blind readers tell apart, with a letter beside.
pub fn port_color(port_type: PortType, visuals: &Visuals) -> Color32 {
    let (dark, light) = match port_type {
        PortType::Recording => (0x56b4e9, 0x1276b8),
        PortType::Sorting => (0xe8973a, 0xb85c00),
        PortType::Peaks => (0x2fbf9f, 0x0b7f68),
        PortType::Features => (0x63d8e6, 0x0a8593),
        PortType::Waveforms => (0xcdb2f5, 0x8a63c9),
        PortType::Templates => (0xa678e8, 0x6d35b8),
        PortType::Noise => (0x8a99ac, 0x55657a),
        PortType::Motion => (0xf08ac0, 0xb8377f),
        PortType::Table => (0x9dbd8f, 0x587a48),
        PortType::Events => (0xe6d34c, 0x8a7700),
        PortType::Figure => (0xb4b8be, 0x6b7077),
        PortType::Files => (0xc09468, 0x865827),
        PortType::Fit => (0x7d838c, 0x7d838c),
    };
    rgb(if visuals.dark_mode { dark } else { light })
}

/// Colour of frames and comments; drawn thinly over the canvas.
pub fn mark_color(color: MarkColor, visuals: &Visuals) -> Color32 {
    let (dark, light) = match color {
        MarkColor::Grey => (0x9aa2ae, 0x6d7682),
        MarkColor::Blue => (0x4f9fd8, 0x2f7fbb),
        MarkColor::Green => (0x46bd7f, 0x2a9159),
        MarkColor::Yellow => (0xd9c045, 0xa38900),
        MarkColor::Orange => (0xe08f35, 0xbd6a12),
        MarkColor::Red => (0xe0706c, 0xc24540),
        MarkColor::Purple => (0xa583e0, 0x7b51c0),
    };
    rgb(if visuals.dark_mode { dark } else { light })
}

/// The letter in a port of a type.
pub fn port_letter(port_type: PortType) -> char {
    match port_type {
        PortType::Recording => 'R',
        PortType::Sorting => 'S',
        PortType::Peaks => 'P',
        PortType::Features => 'F',
        PortType::Waveforms => 'W',
        PortType::Templates => 'T',
        PortType::Noise => 'N',
        PortType::Motion => 'M',
        PortType::Table => 'A',
        PortType::Events => 'E',
        PortType::Figure => 'G',
        PortType::Files => 'D',
        PortType::Fit => 'I',
    }
}

/// Colour of the bar at the left of a node of a category.
pub fn category_color(category: Category, visuals: &Visuals) -> Color32 {
    let (dark, light) = match category {
        Category::Source => (0x4f9fd8, 0x2f7fbb),
        Category::Shape => (0x8494a8, 0x66778c),
        Category::Preprocess => (0x35b394, 0x16876c),
        Category::Sort => (0xe08f35, 0xbd6a12),
        Category::Look => (0xa583e0, 0x7b51c0),
        Category::Output => (0xb78b60, 0x8c6235),
    };
    rgb(if visuals.dark_mode { dark } else { light })
}

/// The name of a category, as the palette lists it.
pub fn category_name(category: Category) -> &'static str {
    match category {
        Category::Source => texts::menus::source(),
        Category::Shape => texts::menus::shape(),
        Category::Preprocess => texts::menus::preprocess(),
        Category::Sort => texts::menus::sort(),
        Category::Look => texts::menus::look(),
        Category::Output => texts::menus::output(),
    }
}

/// All categories, in the order of the palette.
pub const CATEGORIES: [Category; 6] = [
    Category::Source,
    Category::Shape,
    Category::Preprocess,
    Category::Sort,
    Category::Look,
    Category::Output,
];

/// Gives both themes of a context our looks.
pub fn install(ctx: &egui::Context) {
    for (theme, palette) in [(Theme::Dark, &DARK), (Theme::Light, &LIGHT)] {
        ctx.style_mut_of(theme, |style| {
            style.text_styles = [
                (TextStyle::Small, FontId::proportional(11.0)),
                (TextStyle::Body, FontId::proportional(13.0)),
                (TextStyle::Button, FontId::proportional(13.0)),
                (TextStyle::Heading, FontId::proportional(15.0)),
                (TextStyle::Monospace, FontId::monospace(12.0)),
            ]
            .into();
            style.animation_time = 0.1;
            let spacing = &mut style.spacing;
            spacing.item_spacing = vec2(8.0, 4.0);
            spacing.button_padding = vec2(8.0, 3.0);
            spacing.interact_size = Vec2::new(32.0, ROW);
            spacing.window_margin = Margin::same(12);
            spacing.menu_margin = Margin::same(6);
            spacing.indent = 14.0;
            spacing.tooltip_width = 340.0;
            spacing.combo_width = 80.0;
            style.visuals = visuals(theme, palette);
        });
    }
}

fn visuals(theme: Theme, p: &Palette) -> Visuals {
    let mut v = match theme {
        Theme::Dark => Visuals::dark(),
        Theme::Light => Visuals::light(),
    };
    v.panel_fill = p.panel;
    v.window_fill = p.panel;
    v.extreme_bg_color = p.field;
    v.faint_bg_color = p.bar;
    v.code_bg_color = p.control;
    v.hyperlink_color = p.accent;
    v.warn_fg_color = p.warn;
    v.error_fg_color = p.bad;
    v.weak_text_color = Some(p.text_weak);
    v.selection.bg_fill = p.accent.gamma_multiply(if v.dark_mode { 0.35 } else { 0.22 });
    v.selection.stroke = Stroke::new(1.0, p.text_strong);
    v.window_stroke = Stroke::new(1.0, p.node_edge);
    v.window_corner_radius = CornerRadius::same(8);
    v.menu_corner_radius = CornerRadius::same(6);
    v.indent_has_left_vline = false;
    v.slider_trailing_fill = true;
    v.handle_shape = egui::style::HandleShape::Circle;
    v.window_shadow.color = p.shadow;
    v.popup_shadow.color = p.shadow;
    let radius = CornerRadius::same(4);
    let w = &mut v.widgets;
    w.noninteractive.bg_fill = p.panel;
    w.noninteractive.weak_bg_fill = p.panel;
    w.noninteractive.bg_stroke = Stroke::new(1.0, p.line);
    w.noninteractive.fg_stroke = Stroke::new(1.0, p.text);
    for (state, fill, text) in [
        (&mut w.inactive, p.control, p.text),
        (&mut w.hovered, p.control_hovered, p.text_strong),
        (&mut w.active, p.control_hovered, p.text_strong),
        (&mut w.open, p.control_hovered, p.text_strong),
    ] {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::NONE;
        state.fg_stroke = Stroke::new(1.0, text);
        state.corner_radius = radius;
        state.expansion = 0.0;
    }
    w.hovered.bg_stroke = Stroke::new(1.0, p.node_edge);
    w.active.bg_stroke = Stroke::new(1.0, p.accent);
    v
}
