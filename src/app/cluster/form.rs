//! The sheet before a submission: what jobs are given, and the arrays that it makes of the pipeline.

use super::{App, texts};
use crate::{
    app::{command::Command, theme},
    batch::{Array, Batch, MAX_JOBS, Needs, Order, Proposal, Slurm, Wait, options_of},
    inspect::{Lane, Wake},
    pipeline::{Executor, Pipeline, Severity},
};
use egui::{Align2, ComboBox, DragValue, Grid, RichText, ScrollArea, TextEdit, Ui, vec2};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Jobs of an array that can be asked for.
const MOST_JOBS: usize = 100_000;
/// Cores of a job that can be asked for.
const MOST_CORES: u32 = 1024;

/// Arrays as they are shown.
pub struct Shown {
    /// What they are made of.
    pub proposal: Arc<Proposal>,
    /// The arrays.
    pub arrays: Vec<Array>,
}

/// What Slurm says before anything is submitted.
struct Known {
    proposal: Arc<Proposal>,
    partitions: Vec<String>,
}

/// The sheet while it is open.
pub struct Form {
    partition: String,
    time: String,
    memory: String,
    options: String,
    /// As the nodes say where 0.
    cores: u32,
    max_jobs: usize,
    asking: Lane<Result<Known, String>>,
    splitting: Lane<Shown>,
    /// The sheet, the state of its pipeline and its file that Slurm was asked for.
    asked: Option<(u64, u64, Option<PathBuf>)>,
    known: Option<Result<Known, String>>,
    /// What the arrays are those of.
    order: Option<Order>,
    /// The arrays that are shown.
    pub arrays: Option<Arc<Shown>>,
    /// Why they were not submitted.
    pub refused: Option<String>,
    /// They are on their way.
    pub submitting: bool,
}

impl Form {
    fn new(ctx: &egui::Context) -> Self {
        let ctx = ctx.clone();
        let wake: Wake = Arc::new(move || ctx.request_repaint());
        Self {
            partition: String::new(),
            time: String::new(),
            memory: String::new(),
            options: String::new(),
            cores: 0,
            max_jobs: MAX_JOBS,
            asking: Lane::alone(wake.clone()),
            splitting: Lane::alone(wake),
            asked: None,
            known: None,
            order: None,
            arrays: None,
            refused: None,
            submitting: false,
        }
    }

    /// What the fields ask for; why it cannot be.
    fn wanted(&self) -> Result<Order, String> {
        let typed = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Order {
            needs: Needs {
                cores: Some(self.cores).filter(|cores| *cores > 0),
                memory: typed(&self.memory),
                time: typed(&self.time),
                partition: typed(&self.partition),
                options: options_of(&self.options)?,
            },
            max_jobs: Some(self.max_jobs),
            ..Order::default()
        })
    }

    /// Asks Slurm, once for a state of a pipeline.
    fn ask(
        &mut self,
        slurm: &Slurm,
        executor: &Arc<Executor>,
        of: (u64, u64),
        pipeline: &Pipeline,
        place: Place,
    ) {
        let asked = Some((of.0, of.1, place.path.clone()));
        if self.asked == asked {
            return;
        }
        self.asked = asked;
        let (slurm, executor, pipeline) = (slurm.clone(), executor.clone(), pipeline.clone());
        self.asking.request(move |ticket| {
            let plan = executor.plan(&pipeline, &place.base, None);
            let proposal = Proposal::new(&slurm, &executor, (&pipeline, plan), place.path.as_deref());
            let known = proposal
                .map(|proposal| Known { proposal: Arc::new(proposal), partitions: slurm.partitions() });
            ticket.send(known.map_err(|error| error.to_string()));
        });
    }

    fn receive(&mut self) {
        if let Some(known) = self.asking.take() {
            self.known = Some(known);
            self.order = None;
        }
        let wanted = match self.wanted() {
            Ok(wanted) => wanted,
            Err(reason) => {
                (self.order, self.arrays, self.refused) = (None, None, Some(reason));
                return;
            }
        };
        if let Some(Ok(known)) = self.known.as_ref().filter(|_| self.order.as_ref() != Some(&wanted)) {
            self.order = Some(wanted.clone());
            self.refused = None;
            let proposal = known.proposal.clone();
            self.splitting.request(move |ticket| {
                let arrays = proposal.arrays(&wanted);
                ticket.send(Shown { proposal: proposal.clone(), arrays });
            });
        }
        if let Some(shown) = self.splitting.take() {
            self.arrays = Some(Arc::new(shown));
        }
    }

    fn fields_ui(&mut self, ui: &mut Ui) {
        let partitions = match &self.known {
            Some(Ok(known)) => known.partitions.clone(),
            _ => Vec::new(),
        };
        Grid::new("submission").num_columns(3).spacing(vec2(12.0, 6.0)).show(ui, |ui| {
            ui.label(texts::cluster::partition());
            let usual = match partitions.first() {
                Some(first) => texts::cluster::usual_partition_is(first),
                None => texts::cluster::usual_partition().to_owned(),
            };
            let chosen = if self.partition.is_empty() { usual.clone() } else { self.partition.clone() };
            let list = ComboBox::from_id_salt("partition").selected_text(chosen).width(180.0);
            let list = list.show_ui(ui, |ui| {
                ui.selectable_value(&mut self.partition, String::new(), usual);
                for name in &partitions {
                    ui.selectable_value(&mut self.partition, name.clone(), name);
                }
            });
            list.response.accessible_name(texts::cluster::partition());
            ui.end_row();
            let mut field = |label: &str, text: &mut String, hint: &str, words: &str| {
                ui.label(label);
                ui.add(TextEdit::singleline(text).hint_text(hint).desired_width(180.0))
                    .accessible_name(label);
                ui.weak(words);
                ui.end_row();
            };
            let (hint, words) = (texts::cluster::time_hint(), texts::cluster::time_left_out());
            field(texts::cluster::time_limit(), &mut self.time, hint, words);
            let (hint, words) = (texts::cluster::memory_hint(), texts::cluster::memory_left_out());
            field(texts::cluster::memory(), &mut self.memory, hint, words);
            let (hint, words) = (texts::cluster::options_hint(), texts::cluster::options_left_out());
            field(texts::cluster::further_options(), &mut self.options, hint, words);
            ui.label(texts::cluster::cores());
            let cores = DragValue::new(&mut self.cores).range(0..=MOST_CORES).speed(0.05);
            let cores = cores.custom_formatter(|value, _| match value < 1.0 {
                true => texts::cluster::cores_left_out().to_owned(),
                false => format!("{value:.0}"),
            });
            ui.add(cores).accessible_name(texts::cluster::cores());
            ui.end_row();
            ui.label(texts::cluster::jobs_at_once());
            let jobs = DragValue::new(&mut self.max_jobs).range(1..=MOST_JOBS).speed(0.5);
            ui.add(jobs).accessible_name(texts::cluster::jobs_at_once());
            ui.weak(texts::cluster::jobs_hint());
            ui.end_row();
        });
    }
}

/// Where a pipeline lies.
struct Place {
    base: PathBuf,
    path: Option<PathBuf>,
}

impl App {
    /// Opens the sheet.
    pub(in crate::app) fn open_submission(&mut self) {
        if let Some(reason) = &self.no_store {
            self.toasts.error(texts::runs::nothing_can_run(&reason));
        } else if self.sheet.is_empty() {
            self.toasts.info(texts::runs::nothing_to_run());
        } else if let Some(form) = &mut self.dialogs.submit {
            // It keeps what was typed, and asks again.
            form.asked = None;
        } else {
            self.dialogs.submit = Some(Form::new(&self.ctx));
        }
    }

    /// Draws the sheet; what its buttons stand for.
    pub(in crate::app) fn submission_ui(&mut self) -> Option<Command> {
        let mut form = self.dialogs.submit.take()?;
        let editor = &self.sheet.editor;
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_unknown| path.clone());
        let path = editor.path.as_ref().map(absolute);
        if let Some(executor) = &self.executor {
            let place = Place { base: editor.base_folder(), path: path.clone() };
            let of = (self.sheet.number, self.sheet.meaning);
            form.ask(&self.access.slurm, executor, of, editor.pipeline(), place);
        }
        form.receive();
        let problem = self.sheet.problems.iter().find(|problem| problem.severity == Severity::Error);
        let problem = problem.map(ToString::to_string);
        let store = self.executor.as_ref().map(|executor| executor.store().folder().to_owned());
        let (is_saved, is_dirty) = (path.is_some(), editor.is_dirty());
        let (mut open, mut command, mut closed) = (true, None, false);
        egui::Window::new(texts::cluster::submit_to_slurm())
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .open(&mut open)
            .show(&self.ctx, |ui| {
                ui.set_width(600.0);
                let p = theme::palette(ui.visuals());
                form.fields_ui(ui);
                ui.add_space(8.0);
                let any = form.plan_ui(ui);
                if let Some(reason) = &form.refused {
                    ui.add_space(4.0);
                    ui.colored_label(p.bad, reason);
                }
                ui.add_space(8.0);
                if let Some(problem) = &problem {
                    ui.colored_label(p.bad, texts::cluster::mend_first(problem));
                } else if !is_saved {
                    ui.colored_label(p.warn, texts::cluster::must_be_saved());
                } else if is_dirty {
                    ui.weak(texts::cluster::is_saved_first());
                }
                if let Some(store) = store.as_deref().map(Path::display) {
                    ui.weak(texts::cluster::where_it_must_lie(&store));
                }
                ui.add_space(8.0);
                ui.horizontal(|ui| {
                    let (label, wanted) = match (form.submitting, is_saved) {
                        (true, _) => (texts::cluster::submitting(), Command::SubmitNow),
                        (false, true) => (texts::cluster::submit(), Command::SubmitNow),
                        (false, false) => (texts::actions::save_as(), Command::SaveAs),
                    };
                    let ready = problem.is_none() && !form.submitting && (any || !is_saved);
                    let words = RichText::new(label).color(p.on_accent);
                    if ui.add_enabled(ready, egui::Button::new(words).fill(p.accent)).clicked() {
                        command = Some(wanted);
                    }
                    closed = ui.button(texts::cluster::cancel()).clicked();
                    if matches!(form.known, Some(Err(_))) && ui.button(texts::cluster::ask_again()).clicked()
                    {
                        (form.asked, form.known) = (None, None);
                    }
                });
            });
        if open && !closed {
            self.dialogs.submit = Some(form);
        }
        command
    }
}

impl Form {
    /// What will be submitted; true where there is something.
    fn plan_ui(&self, ui: &mut Ui) -> bool {
        let p = theme::palette(ui.visuals());
        let known = match &self.known {
            None => {
                ui.horizontal(|ui| {
                    ui.spinner();
                    ui.weak(texts::cluster::asking_slurm());
                });
                return false;
            }
            Some(Err(reason)) => {
                ui.colored_label(p.bad, reason);
                ui.label(texts::cluster::elsewhere());
                return false;
            }
            Some(Ok(known)) => known,
        };
        let Some(shown) = &self.arrays else { return false };
        let (active, other) = (known.proposal.num_active(), known.proposal.num_other());
        if other > 0 {
            ui.colored_label(p.warn, texts::cluster::other_at_work(&texts::counts::tasks(other)));
        }
        let is_empty = shown.arrays.is_empty();
        match (is_empty, active) {
            (true, 0) => drop(ui.label(texts::cluster::nothing_to_submit())),
            (true, _) => drop(ui.label(texts::cluster::all_submitted())),
            (false, 0) => {}
            (false, _) => drop(ui.weak(texts::cluster::at_work_already(&texts::counts::tasks(active)))),
        }
        if is_empty {
            return false;
        }
        ui.strong(texts::cluster::arrays_to_be());
        ui.add_space(2.0);
        ScrollArea::vertical().max_height(220.0).auto_shrink([false, true]).show(ui, |ui| {
            arrays_ui(ui, &shown.arrays);
        });
        let tasks: usize = shown.arrays.iter().map(|(batch, _)| num_tasks(batch)).sum();
        let jobs: usize = shown.arrays.iter().map(|(batch, _)| batch.elements.len()).sum();
        ui.add_space(2.0);
        ui.label(texts::cluster::sum(
            &texts::counts::tasks(tasks),
            &texts::cluster::jobs_counted(jobs),
            &texts::cluster::arrays_counted(shown.arrays.len()),
        ));
        self.order.is_some() && !self.splitting.busy() && !self.asking.busy()
    }
}

fn num_tasks(batch: &Batch) -> usize {
    batch.elements.iter().map(Vec::len).sum()
}

fn arrays_ui(ui: &mut Ui, arrays: &[Array]) {
    Grid::new("arrays").num_columns(7).spacing(vec2(18.0, 4.0)).striped(true).show(ui, |ui| {
        let heads = [
            texts::cluster::node(),
            texts::cluster::tasks(),
            texts::cluster::jobs(),
            texts::cluster::cores(),
            texts::cluster::memory(),
            texts::cluster::time(),
            texts::cluster::waits_for(),
        ];
        heads.into_iter().for_each(|head| drop(ui.weak(head)));
        ui.end_row();
        for (batch, needs) in arrays {
            let node = ui.label(&batch.node);
            if !needs.options.is_empty() {
                node.on_hover_text(needs.options.join(" "));
            }
            ui.label(num_tasks(batch).to_string());
            ui.label(batch.elements.len().to_string());
            ui.label(needs.cores.map_or_else(String::new, |cores| cores.to_string()));
            ui.label(needs.memory.as_deref().unwrap_or_default());
            match &needs.time {
                Some(time) => ui.label(time),
                None => ui.weak(texts::cluster::as_slurm_has_it()),
            };
            let waits = batch.waits.iter().filter_map(|(other, wait)| {
                let node = &arrays.get(*other)?.0.node;
                Some(match wait {
                    Wait::All => texts::cluster::all_of(node),
                    Wait::SamePlace => texts::cluster::same_item(node),
                })
            });
            let mut waits: Vec<String> = waits.collect();
            if !batch.waits_for_earlier.is_empty() {
                waits.push(texts::cluster::submitted_before().to_owned());
            }
            ui.label(waits.join(", "));
            ui.end_row();
        }
    });
}
