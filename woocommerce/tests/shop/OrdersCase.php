<?php
/**
 * What the tests of orders share: a medicine and a hand cream that ELMED and the shop both know, and an order that was
 * checked at the gate. Everything talks to the real ELMED.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Database\Lock;
use Elmed\WooCommerce\Gate\Attempt;
use Elmed\WooCommerce\Gate\Basket;
use Elmed\WooCommerce\Gate\Gate;
use Elmed\WooCommerce\Gate\Proof;
use Elmed\WooCommerce\Gate\Verdict;
use Elmed\WooCommerce\Orders\Confirm;
use Elmed\WooCommerce\Orders\Jobs;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\PanelActions;
use Elmed\WooCommerce\Orders\Said;
use Elmed\WooCommerce\Sync\ProductMeta;

abstract class OrdersCase extends TestCase {

	/** @var string */
	protected $medicine_sku;
	/** @var \WC_Product */
	protected $medicine;
	/** @var \WC_Product */
	protected $cream;

	protected function setUp(): void {
		parent::setUp();
		$tables = \Automattic\WooCommerce\Utilities\OrderUtil::custom_orders_table_usage_is_enabled();
		$this->assertSame( (bool) Site::fact( 'hpos' ), $tables, 'orders are kept where the bed says' );
		update_option( 'elmed_api_key', Elmed::fact( 'key' ), false );
		// The mails' own hooks went with the test that first made the mailer.
		$mailer = property_exists( \WC_Emails::class, '_instance' ) ? '_instance' : 'instance'; // From WooCommerce 10 on.
		( new \ReflectionProperty( \WC_Emails::class, $mailer ) )->setValue( null, null );
		WC()->mailer();
		// Packs of 7: a prescription of 21 capsules is three of them.
		$this->medicine = $this->product( true, array( 'pack' => '7', 'name' => 'Amoxicillin 500 mg capsules' ) );
		$this->cream    = $this->product( false );
		$this->medicine_sku = $this->medicine->get_sku();
	}

	/** A product of both. */
	protected function product( bool $medicine, array $given = array() ): \WC_Product {
		$sku   = ( $medicine ? 'MED-' : 'OTC-' ) . strtoupper( bin2hex( random_bytes( 4 ) ) );
		$there = Elmed::say( 'product', array( 'sku' => $sku, 'medicine' => $medicine, 'stock' => '50' ) + $given );
		$here  = new \WC_Product_Simple();
		$here->set_props( array( 'name' => $there['name'], 'sku' => $sku, 'regular_price' => '10', 'status' => 'publish' ) );
		$here->update_meta_data( ProductMeta::ID, (string) $there['id'] );
		$here->update_meta_data( ProductMeta::SKU, $sku );
		$here->update_meta_data( ProductMeta::REQUIRES_PRESCRIPTION, $medicine ? 'yes' : 'no' );
		$here->save();
		return wc_get_product( $here->get_id() );
	}

	/** An order as it lies there before anybody checked it. @param array<int, array{0: \WC_Product, 1: int}> $lines */
	protected function order( array $lines, string $status = 'pending' ): \WC_Order {
		$order = new \WC_Order();
		foreach ( $lines as list( $product, $packs ) ) {
			$order->add_product( $product, $packs );
		}
		$order->set_billing_email( 'ann@example.org' );
		$order->set_billing_first_name( 'Ann' );
		$order->calculate_totals();
		$order->set_status( $status );
		$order->save();
		return $order;
	}

	protected function ask( \WC_Order $order, array $made, bool $send = false ): Verdict {
		$proof = new Proof( $made['reference'], $made['date_of_birth'] );
		return ( new Gate() )->admit( Basket::ofOrder( $order ), $proof, $send, Attempt::ofOrder( $order ) );
	}

	/** An order that the gate let through, confirmed in ELMED. */
	protected function sold( array $made, int $packs = 3, array $further = array() ): \WC_Order {
		$order   = $this->order( array_merge( array( array( $this->medicine, $packs ) ), $further ) );
		$verdict = $this->ask( $order, $made );
		$this->assertFalse( $verdict->refused(), (string) $verdict->reason );
		OrderState::letThrough( $order, $verdict );
		Attempt::ofOrder( $order )->forget();
		( new Confirm() )->run( $order->get_id() );
		$order = $this->again( $order );
		$order->payment_complete();
		return $this->again( $order );
	}

	/** The order as the database has it. */
	protected function again( \WC_Order $order ): \WC_Order {
		return Jobs::fresh( $order->get_id() );
	}

	protected function complete( \WC_Order $order ): \WC_Order {
		$order->update_status( 'completed' );
		return $this->again( $order );
	}

	/** Runs one kind of job for the order, as Action Scheduler would, and says how many waited. @param array<int, int> $arguments */
	protected function work( string $hook, array $arguments ): int {
		$waiting = as_get_scheduled_actions( array( 'hook' => $hook, 'args' => $arguments, 'status' => 'pending', 'per_page' => -1 ), 'ids' );
		foreach ( $waiting as $id ) {
			\ActionScheduler::store()->delete_action( $id );
		}
		if ( $waiting ) {
			do_action_ref_array( $hook, $arguments );
		}
		return count( $waiting );
	}

	protected function dispense( \WC_Order $order ): \WC_Order {
		$this->work( Jobs::DISPENSE, array( $order->get_id() ) );
		return $this->again( $order );
	}

	/** Press a button of the order's box; what the person who pressed it reads. */
	protected function press( \WC_Order $order, string $do, array $posted ): string {
		return Said::words( PanelActions::act( $order, $do, $posted ) );
	}

	/** Wait until another process holds that lock. */
	protected function untilHeld( string $name ): void {
		$end = microtime( true ) + 15;
		do {
			$this->assertLessThan( $end, microtime( true ), 'the other process did not come to it' );
			try {
				Lock::hold( $name, 0, static fn() => usleep( 50000 ) );
			} catch ( \Elmed\WooCommerce\Database\Locked $held ) {
				return;
			}
		} while ( true );
	}

	protected function supplied( array $made ): array {
		return Elmed::say( 'status', array( 'id' => $made['id'] ) )['dispenses'];
	}

	protected function reservations( array $made ): array {
		return Elmed::say( 'reservations', array( 'prescription' => $made['id'] ) );
	}

	/** Stand in wp-admin, where WooCommerce's admin functions are. */
	protected function inAdmin( string $screen = 'dashboard' ): void {
		require_once ABSPATH . 'wp-admin/includes/admin.php';
		require_once WC_ABSPATH . 'includes/admin/wc-admin-functions.php';
		$this->become( 'shop_manager' );
		set_current_screen( $screen );
	}

	/** What that prints. */
	protected function printed( callable $show ): string {
		ob_start();
		$show();
		return (string) ob_get_clean();
	}

	/** What the order's private notes say. */
	protected function notes( \WC_Order $order ): string {
		return implode( "\n", wp_list_pluck( wc_get_order_notes( array( 'order_id' => $order->get_id() ) ), 'content' ) );
	}
}
