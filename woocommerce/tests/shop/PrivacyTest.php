<?php
/**
 * WordPress' privacy tools: what is kept of a customer's orders is given out and erased, when the order no longer needs it.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Gate\ItemMark;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Privacy\PolicyText;
use Elmed\WooCommerce\Privacy\Privacy;
use WC_Order;

final class PrivacyTest extends TestCase {

	public function test_what_is_kept_is_given_out(): void {
		$order = $this->order( 'completed', 'ann@example.org' );
		$this->order( 'completed', 'bob@example.org' );
		$export = ( new Privacy() )->export( 'ann@example.org' );
		$this->assertTrue( $export['done'] );
		$this->assertCount( 1, $export['data'] );
		$this->assertSame( 'elmed-order-' . $order->get_id(), $export['data'][0]['item_id'] );
		$said = array_column( $export['data'][0]['data'], 'value', 'name' );
		$this->assertSame( array( 'Order' => $order->get_order_number(), 'Prescription check' => 'Released', 'Prescription’s number in ELMED' => '7' ), $said );
	}

	public function test_it_is_given_out_in_words_and_all_of_it(): void {
		$order = $this->order( 'completed', 'ann@example.org' );
		$item  = new \WC_Order_Item_Product();
		$item->set_name( 'Tablets <1>' );
		$item->update_meta_data( ItemMark::META, 'yes' );
		$order->add_item( $item );
		$lines = array( array( 'sku' => 'MED-1', 'product' => 3, 'medication_id' => 9, 'milli' => 2000 ) );
		$kept  = array(
			OrderState::RELEASE      => 'stopped',
			OrderState::REASON       => 'returned',
			OrderState::RECORD       => array( 'prescription_id' => 7, 'reservation_id' => 8, 'reserved_until' => '2026-12-01T10:00:00Z', 'lines' => $lines, 'reference' => '41', 'confirmed' => true, 'asked_at' => 1790000000 ),
			OrderState::RESERVATION  => '8',
			OrderState::STATUS_AFTER => 'processing',
			OrderState::ATTEMPT      => array( 'key' => 'e1f5-key', 'fingerprint' => 'ab12-print', 'reservation_id' => 12 ),
			OrderState::DISPENSE     => 'refused',
			OrderState::JOB          => array( 'key' => 'e1f5-key', 'reason' => 'expired', 'dispense_id' => 55, 'lines' => array( array( 'sku' => 'MED-1', 'quantity' => '14' ) ) ),
			OrderState::SALE         => 'done',
			OrderState::SALE_JOB     => array( 'body' => array( 'lines' => array( array( 'sku' => 'OTC-1', 'quantity' => '1' ) ) ) ),
			OrderState::REFUNDS      => array( 3 => array( 'packs' => array(), 'key' => 'e1f5-key', 'answer' => '' ) ),
			OrderState::ALERT        => 'yes',
			OrderState::HISTORY      => array( array( 1790000000, 'release_stopped', 'returned' ) ),
		);
		$this->assertSame( array(), array_diff( OrderState::ALL, array_keys( $kept ), array( OrderState::ORDER ) ), 'something is kept that nobody is told of' );
		foreach ( $kept as $name => $value ) {
			$order->update_meta_data( $name, $value );
		}
		$order->save();
		$said = array_column( ( new Privacy() )->export( 'ann@example.org' )['data'][0]['data'], 'value', 'name' );

		$date = static fn( $at ) => wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), $at );
		$this->assertSame(
			array(
				'Order'                          => $order->get_order_number(),
				'Prescription check'             => 'Stopped (the prescription was returned)',
				'Prescription’s number in ELMED' => '7',
				'Reservation’s number in ELMED'  => '8',
				'Reserved until'                 => $date( strtotime( '2026-12-01T10:00:00Z' ) ),
				'Packs that were checked'        => 'MED-1 × 2',
				'Order number told to ELMED'     => '41',
				'ELMED last asked'               => $date( 1790000000 ),
				'Check that was begun'           => 'Not finished 12',
				'Report of the dispense'         => 'Refused by ELMED (the prescription has expired)',
				'Dispense’s number in ELMED'     => '55',
				'What was reported'              => 'MED-1 × 14',
				'Report of the other items'      => 'Reported',
				'Other items that were reported' => 'OTC-1 × 1',
				'Order status after the release' => 'Processing',
				'Questions after refunds'        => '1 asked, 1 without an answer',
				'Needs somebody of the shop'     => 'Yes',
				'What happened'                  => $date( 1790000000 ) . ' Stopped: do not send (the prescription was returned)',
				'Items on prescription'          => 'Tablets &lt;1&gt;',
			),
			$said
		);
		$this->assertStringNotContainsString( 'e1f5-key', implode( $said ) );
	}

	public function test_a_copy_of_an_order_says_what_it_is(): void {
		$order = $this->order( 'completed', 'ann@example.org' );
		$order->update_meta_data( OrderState::ORDER, '999999' );
		$order->save();
		$said = array_column( ( new Privacy() )->export( 'ann@example.org' )['data'][0]['data'], 'value', 'name' );
		$this->assertSame( 'From order 999999; not used', $said['Copied'] );
	}

	public function test_what_is_kept_of_finished_orders_is_erased_and_the_order_stays(): void {
		$order = $this->order( 'completed', 'ann@example.org' );
		$other = $this->order( 'completed', 'bob@example.org' );
		$erased = ( new Privacy() )->erase( 'ann@example.org' );
		$this->assertSame( array( true, false, true ), array( $erased['items_removed'], $erased['items_retained'], $erased['done'] ) );
		$this->assertSame( array(), $this->kept( $order ) );
		$this->assertSame( 'completed', wc_get_order( $order->get_id() )->get_status() );
		$this->assertNotSame( array(), $this->kept( $other ) );
		$this->assertFalse( ( new Privacy() )->erase( 'ann@example.org' )['items_removed'] );
	}

	public function test_an_order_that_is_under_way_keeps_what_it_needs_and_says_so(): void {
		$order = $this->order( 'processing', 'ann@example.org' );
		$erased = ( new Privacy() )->erase( 'ann@example.org' );
		$this->assertSame( array( false, true, 1 ), array( $erased['items_removed'], $erased['items_retained'], count( $erased['messages'] ) ) );
		$this->assertNotSame( array(), $this->kept( $order ) );
	}

	public function test_more_orders_than_a_page_come_page_by_page(): void {
		for ( $number = 0; $number < 12; $number++ ) {
			$this->order( 'completed', 'ann@example.org' );
		}
		$privacy = new Privacy();
		$first   = $privacy->export( 'ann@example.org', 1 );
		$second  = $privacy->export( 'ann@example.org', 2 );
		$this->assertSame( array( 10, false, 2, true ), array( count( $first['data'] ), $first['done'], count( $second['data'] ), $second['done'] ) );
	}

	public function test_wordpress_knows_the_tools_and_the_text(): void {
		$this->assertArrayHasKey( 'elmed', apply_filters( 'wp_privacy_personal_data_exporters', array() ) );
		$this->assertArrayHasKey( 'elmed', apply_filters( 'wp_privacy_personal_data_erasers', array() ) );
		$this->assertStringContainsString( 'date of birth', PolicyText::html() );
	}

	private function order( string $status, string $email ): WC_Order {
		$order = wc_create_order();
		$order->set_billing_email( $email );
		$order->set_status( $status );
		$order->update_meta_data( '_elmed_order', (string) $order->get_id() );
		$order->update_meta_data( '_elmed_release', 'released' );
		$order->update_meta_data( '_elmed_record', array( 'prescription_id' => 7 ) );
		$order->save();
		return $order;
	}

	/** @return array<int, string> */
	private function kept( WC_Order $order ): array {
		$keys = array_map( static fn ( $meta ) => $meta->key, wc_get_order( $order->get_id() )->get_meta_data() );
		return array_values( array_filter( $keys, static fn ( $key ) => 0 === strpos( $key, '_elmed_' ) ) );
	}
}
