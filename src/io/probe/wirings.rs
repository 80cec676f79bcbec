//! Connectors and head-stages whose wiring is published: probeinterface's `get_available_pathways`, and the pin maps
//! of NeuroNexus' packages laid on those of Intan's head-stages. Omnetics connectors of 36 pins go together both
//! ways round.

use super::Wiring;

/// By the connector and the head-stage.
pub const WIRINGS: &[Wiring] = &[
    Wiring {
        name: "H32>RHD2132",
        about: "NeuroNexus H32 on Intan RHD2132",
        columns: &[
            16, 17, 18, 20, 21, 22, 31, 30, 29, 27, 26, 25, 24, 28, 23, 19, 12, 8, 3, 7, 6, 5, 4, 2, 1, 0, 9,
            10, 11, 13, 14, 15,
        ],
    },
    Wiring {
        name: "H32>RHD2132 turned",
        about: "NeuroNexus H32 on Intan RHD2132, the head-stage turned round",
        columns: &[
            0, 1, 2, 4, 5, 6, 15, 14, 13, 11, 10, 9, 8, 12, 7, 3, 28, 24, 19, 23, 22, 21, 20, 18, 17, 16, 25,
            26, 27, 29, 30, 31,
        ],
    },
    Wiring {
        name: "CM32>RHD2132",
        about: "NeuroNexus CM32 on Intan RHD2132",
        columns: &[
            29, 28, 18, 27, 19, 26, 20, 25, 21, 24, 22, 23, 17, 16, 30, 31, 0, 1, 15, 14, 8, 9, 7, 10, 6, 11,
            5, 12, 4, 13, 3, 2,
        ],
    },
    Wiring {
        name: "CM32>RHD2132 turned",
        about: "NeuroNexus CM32 on Intan RHD2132, the head-stage turned round",
        columns: &[
            13, 12, 2, 11, 3, 10, 4, 9, 5, 8, 6, 7, 1, 0, 14, 15, 16, 17, 31, 30, 24, 25, 23, 26, 22, 27, 21,
            28, 20, 29, 19, 18,
        ],
    },
    Wiring {
        name: "H64>RHD2164",
        about: "NeuroNexus H64 on Intan RHD2164",
        columns: &[
            49, 48, 51, 50, 53, 52, 55, 54, 57, 56, 59, 58, 61, 60, 63, 62, 32, 34, 36, 40, 42, 44, 47, 45,
            43, 39, 37, 35, 33, 41, 46, 38, 24, 16, 23, 31, 29, 27, 25, 21, 19, 17, 18, 20, 22, 26, 28, 30,
            0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        ],
    },
    Wiring {
        name: "H64>RHD2164 turned",
        about: "NeuroNexus H64 on Intan RHD2164, the head-stage turned round",
        columns: &[
            17, 16, 19, 18, 21, 20, 23, 22, 25, 24, 27, 26, 29, 28, 31, 30, 0, 2, 4, 8, 10, 12, 15, 13, 11,
            7, 5, 3, 1, 9, 14, 6, 56, 48, 55, 63, 61, 59, 57, 53, 51, 49, 50, 52, 54, 58, 60, 62, 32, 33, 34,
            35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
        ],
    },
    Wiring {
        name: "H64LP>RHD2164",
        about: "NeuroNexus H64LP on Intan RHD2164",
        columns: &[
            49, 48, 51, 50, 53, 52, 55, 54, 57, 56, 59, 58, 61, 60, 63, 62, 32, 33, 34, 36, 37, 38, 40, 41,
            42, 44, 45, 46, 47, 43, 39, 35, 29, 25, 21, 17, 16, 19, 18, 20, 23, 22, 24, 27, 26, 28, 31, 30,
            0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        ],
    },
    Wiring {
        name: "H64LP>RHD2164 turned",
        about: "NeuroNexus H64LP on Intan RHD2164, the head-stage turned round",
        columns: &[
            17, 16, 19, 18, 21, 20, 23, 22, 25, 24, 27, 26, 29, 28, 31, 30, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12,
            13, 14, 15, 11, 7, 3, 61, 57, 53, 49, 48, 51, 50, 52, 55, 54, 56, 59, 58, 60, 63, 62, 32, 33, 34,
            35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
        ],
    },
    Wiring {
        name: "ASSY-156>RHD2164",
        about: "Cambridge NeuroTech ASSY-156 on Intan RHD2164",
        columns: &[
            47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24,
            23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 63, 62, 61,
            60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48,
        ],
    },
    Wiring {
        name: "ASSY-116>RHD2132",
        about: "Cambridge NeuroTech ASSY-116 on Intan RHD2132",
        columns: &[
            24, 23, 25, 22, 26, 21, 27, 20, 28, 19, 29, 18, 30, 17, 31, 16, 0, 15, 1, 14, 2, 13, 3, 12, 4,
            11, 5, 10, 6, 9, 7, 8,
        ],
    },
    Wiring {
        name: "ASSY-77>Adpt.A64-Om32_2x-sm-NN>RHD2164",
        about: "ASSY-77, the NeuroNexus adaptor A64-OM32x2-sm, Intan RHD2164",
        columns: &[
            62, 63, 60, 61, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 32, 33, 34, 35, 37, 36, 39, 41,
            43, 45, 47, 38, 42, 44, 46, 40, 22, 16, 18, 20, 24, 17, 19, 21, 23, 25, 26, 27, 29, 28, 31, 30,
            14, 15, 12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 3, 2, 1, 0,
        ],
    },
    Wiring {
        name: "ASSY-77>Adpt.A64-Om32_2x-sm-NN>two_RHD2132",
        about: "ASSY-77, the NeuroNexus adaptor A64-OM32x2-sm, two Intan RHD2132",
        columns: &[
            47, 32, 46, 33, 34, 45, 35, 44, 36, 43, 37, 42, 38, 41, 39, 40, 16, 31, 17, 30, 29, 18, 28, 27,
            26, 25, 24, 19, 21, 22, 23, 20, 11, 8, 9, 10, 12, 7, 6, 5, 4, 3, 13, 2, 1, 14, 0, 15, 55, 56, 54,
            57, 53, 58, 52, 59, 51, 60, 50, 61, 62, 49, 63, 48,
        ],
    },
    Wiring {
        name: "ASSY-77>Adpt.A64-Om32_2x-sm-cambridgeneurotech>two_RHD2132",
        about: "ASSY-77, the Cambridge NeuroTech adaptor A64-OM32x2-sm, two Intan RHD2132",
        columns: &[
            16, 31, 17, 30, 18, 29, 19, 28, 20, 27, 21, 26, 22, 25, 23, 24, 47, 32, 46, 33, 45, 34, 44, 43,
            42, 41, 40, 35, 37, 38, 39, 36, 59, 56, 57, 58, 60, 55, 54, 53, 52, 51, 61, 50, 62, 49, 63, 48,
            7, 8, 6, 9, 5, 10, 4, 11, 3, 12, 2, 13, 1, 14, 0, 15,
        ],
    },
    Wiring {
        name: "ASSY-77>Adpt.A64-Om32_2x-sm-cambridgeneurotech>RHD2164",
        about: "ASSY-77, the Cambridge NeuroTech adaptor A64-OM32x2-sm, Intan RHD2164",
        columns: &[
            32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 62, 63, 60, 61, 58, 59, 56, 54,
            52, 50, 48, 57, 53, 51, 49, 55, 9, 15, 13, 11, 7, 14, 12, 10, 8, 6, 5, 4, 3, 2, 1, 0, 17, 16, 19,
            18, 21, 20, 23, 22, 25, 24, 27, 26, 29, 28, 31, 30,
        ],
    },
    Wiring {
        name: "cambridgeneurotech_mini-amp-64",
        about: "Cambridge NeuroTech mini-amp-64",
        columns: &[
            41, 39, 38, 37, 35, 34, 33, 32, 29, 30, 28, 26, 25, 24, 22, 20, 46, 45, 44, 43, 42, 40, 36, 31,
            27, 23, 21, 18, 19, 17, 16, 14, 55, 53, 54, 52, 51, 50, 49, 48, 47, 15, 13, 12, 11, 9, 10, 8, 63,
            62, 61, 60, 59, 58, 57, 56, 7, 6, 5, 4, 3, 2, 1, 0,
        ],
    },
];
