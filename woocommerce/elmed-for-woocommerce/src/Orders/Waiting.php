<?php

/**
 * Asks ELMED how the reservations of open orders stand, and moves the orders along.
 *
 * Every five minutes: orders that wait for the pharmacist (ready: released, and processed where they are paid), and more
 * rarely released ones that have not left yet (freed or on hold meanwhile: "do not send"). The customer is told
 * neutrally. Also asked by Orders\Panel.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Api\Answer;
use Elmed\WooCommerce\Api\Client;
use Elmed\WooCommerce\Gate\Statuses;
use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Plugin;
use WC_Order;

final class Waiting
{
    private const EVERY = 300;
    /** A released order is asked about again after this many seconds. */
    private const RELEASED_EVERY = 1800;
    /** One job: so many orders, or so many seconds. */
    private const AT_ONCE = 50;
    private const SECONDS = 20;

    public function register(): void
    {
        add_action('action_scheduler_init', array($this, 'schedule'));
        add_action('action_scheduler_ensure_recurring_actions', array($this, 'schedule'));
        add_action(Jobs::WAITING, array($this, 'run'));
    }

    /** In wp-admin and in WP-Cron, and whenever an order begins to wait. */
    public function schedule(): void
    {
        if (!doing_action('action_scheduler_init') || is_admin() || wp_doing_cron()) {
            self::ensure();
        }
    }

    public static function ensure(): void
    {
        if (!as_has_scheduled_action(Jobs::WAITING, array(), Plugin::JOBS)) {
            as_schedule_recurring_action(time() + self::EVERY, self::EVERY, Jobs::WAITING, array(), Plugin::JOBS, true);
        }
    }

    public function run(): void
    {
        $until = time() + self::SECONDS;
        try {
            foreach ($this->due() as $orderId) {
                if (time() > $until || !$this->ask($orderId)) {
                    return;
                }
            }
        } catch (\Throwable $fault) {
            Log::fault($fault, 'waiting');
        }
    }

    /** Asks about one order and takes the answer over; false when ELMED cannot be asked now, about this one or any other. */
    public function ask(int $orderId): bool
    {
        $answered = true;
        Jobs::withOrder('', $orderId, static function (WC_Order $order) use (&$answered) {
            $reservation = OrderState::reservationId($order);
            if ($reservation === null) {
                return;
            }
            // Before the answer: one that cannot be told lets the others have their turn.
            OrderState::changeRecord($order, array('asked_at' => time()));
            if (empty(OrderState::record($order)['confirmed'])) {
                // Unconfirmed it may have run out, and confirming takes it again; asking would only tell that it is gone.
                $answered = (new Confirm())->confirm($order) === null;
                return;
            }
            $answered = self::take($order, (new Client())->request('GET', '/reservations/' . $reservation));
        });
        return $answered;
    }

    /** What ELMED said of the order's reservation. @param array<string, mixed> $found */
    public static function apply(WC_Order $order, array $found): void
    {
        OrderState::changeRecord($order, array('asked_at' => time()));
        $reason = (string) ($found['reason'] ?? '');
        switch ($found['state'] ?? '') {
            case 'ready':
                self::release($order);
                break;
            case 'waiting':
                self::hold($order, $reason);
                break;
            case 'freed':
                self::stop($order, $reason === '' ? 'gone' : $reason);
                break;
            case 'used':
                self::used($order);
                break;
        }
    }

    /** The order cannot be served with this reservation any more. */
    public static function stop(WC_Order $order, string $reason): void
    {
        if (OrderState::word($order, OrderState::RELEASE) === OrderState::STOPPED || Report::ofDispense()->isOver($order)) {
            return;
        }
        OrderState::changeRecord($order, array('reservation_id' => null));
        OrderState::setRelease($order, OrderState::STOPPED, $reason);
        self::holdBack($order);
        /* translators: %s: why, e.g. "the prescription was returned" */
        $order->add_order_note(sprintf(__('ELMED: do not send this order: %s.', 'elmed-for-woocommerce'), Words::reason($reason)));
        if (!Cancellation::isOff($order) && !$order->has_status('completed')) {
            $order->add_order_note(__('We cannot send your order as it is. Please contact us; we will find a solution or pay you back.', 'elmed-for-woocommerce'), 1);
        }
        Alerts::refresh($order);
    }

    /** Not now; asked again. A reservation that is not there may only be another key's: no customer is told. */
    public static function hold(WC_Order $order, string $reason): void
    {
        if ($reason === 'awaiting_pharmacist') {
            OrderState::setRelease($order, OrderState::WAITING, $reason);
        } else {
            OrderState::setRelease($order, OrderState::HELD, $reason);
        }
        self::holdBack($order);
        Alerts::refresh($order);
    }

    private static function take(WC_Order $order, Answer $answer): bool
    {
        if ($answer->status === 404) {
            self::hold($order, 'gone');
            return true;
        }
        if (Report::passing($answer) !== null) {
            return false;
        }
        if ($answer->ok()) {
            self::apply($order, $answer->data);
        }
        return true;
    }

    /** Dispensed, and not by this order's report, the answer to which may only be lost: the patient has it already. */
    private static function used(WC_Order $order): void
    {
        if (empty(Report::ofDispense()->job($order)['body'])) {
            self::stop($order, 'reservation_used');
        }
    }

    private static function release(WC_Order $order): void
    {
        $before = OrderState::word($order, OrderState::RELEASE);
        OrderState::setRelease($order, OrderState::RELEASED);
        if ($before !== OrderState::RELEASED) {
            $order->add_order_note(__('ELMED: the prescription is checked and ready.', 'elmed-for-woocommerce'));
        }
        Progress::afterRelease($order);
        Alerts::refresh($order);
    }

    /** One that was about to be packed is not any longer. */
    public static function holdBack(WC_Order $order): void
    {
        if (Statuses::mayShip($order->get_status())) {
            // Back to its beginning, whatever another plugin's status said: it is packed anew.
            OrderState::setStatusAfter($order, 'processing');
            $order->update_status('on-hold', __('ELMED: held.', 'elmed-for-woocommerce'));
        }
    }

    /** @return int[] Those asked longest ago first. */
    private function due(): array
    {
        $due = array();
        foreach (array(OrderState::WAITING => 0, OrderState::HELD => 0, OrderState::RELEASED => self::RELEASED_EVERY) as $release => $every) {
            foreach (Tally::orders($release) as $order) {
                $asked = (int) (OrderState::record($order)['asked_at'] ?? 0);
                if (OrderState::reservationId($order) !== null && $asked <= time() - $every && !Report::ofDispense()->isOver($order)) {
                    $due[$order->get_id()] = $asked;
                }
            }
        }
        asort($due);
        return array_slice(array_keys($due), 0, self::AT_ONCE);
    }
}
